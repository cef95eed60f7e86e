/** Turns one file of an export into staged wire rows. */
import { variablesOf } from "../src/aws/contracts/environment.ts";
import { snapshotPartEvent } from "../src/aws/contracts/steps.ts";
import { type LambdaFunction, lambdaHandler } from "../src/aws/lambda/handler.ts";
import { openSteps } from "../src/aws/lambda/step.ts";
import { addCounts } from "../src/aws/lambda/telemetry.ts";
import { readMaskKey } from "../src/aws/mask-key.ts";
import { snapshotPart } from "../src/aws/steps/snapshot-part.ts";

const variables = variablesOf("snapshot-part", process.env);
const steps = openSteps(import.meta.url, variables);

export const handler: LambdaFunction = lambdaHandler(snapshotPartEvent, async ({ run, index, part }) => {
  const context = await steps();
  const { itemCount, md5Checksum: md5, dataFileS3Key: key } = part;
  const maskKey = await readMaskKey(variables.MASK_KEY_SECRET_ARN);
  const { rejected } = await snapshotPart(context, { run, index, itemCount, md5, key, maskKey });
  if (rejected.length > 0) addCounts(context.opened.schema.table, { QuarantinedRecords: rejected.length });
  // Answers of all files together have to be small.
  return null;
});
