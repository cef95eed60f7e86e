/** Turns one file of an export into staged wire rows. */
import { z } from "zod";
import { type LambdaFunction, lambdaHandler } from "../src/aws/lambda/handler.ts";
import { openSteps } from "../src/aws/lambda/step.ts";
import { addCounts } from "../src/aws/lambda/telemetry.ts";
import { readMaskKey } from "../src/aws/mask-key.ts";
import { snapshotPart } from "../src/aws/steps/snapshot-part.ts";
import { segmentName } from "../src/core/format/manifest.ts";

const steps = openSteps(import.meta.url, process.env);
const part = z.object({
  itemCount: z.number().int().min(0),
  md5Checksum: z.string().min(1),
  dataFileS3Key: z.string().min(1),
});

export const handler: LambdaFunction = lambdaHandler(
  z.object({ run: segmentName, index: z.number().int().min(0), part }),
  async ({ run, index, part: { itemCount, md5Checksum, dataFileS3Key } }) => {
    const context = await steps();
    const maskKey = await readMaskKey(process.env.MASK_KEY_SECRET_ARN);
    const facts = { run, index, itemCount, md5: md5Checksum, key: dataFileS3Key, maskKey };
    const { rejected } = await snapshotPart(context, facts);
    if (rejected.length > 0) addCounts(context.schema.table, { QuarantinedRecords: rejected.length });
    // Answers of all files together have to be small.
    return null;
  },
);
