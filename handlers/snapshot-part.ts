/** Turns one file of an export into staged wire rows of each lake table that the export is for. */
import { variablesOf } from "../src/aws/contracts/environment.ts";
import { snapshotPartEvent } from "../src/aws/contracts/steps.ts";
import { type LambdaFunction, lambdaHandler } from "../src/aws/lambda/handler.ts";
import { openSteps } from "../src/aws/lambda/step.ts";
import { logger, publishTableMetrics } from "../src/aws/lambda/telemetry.ts";
import { readMaskKey } from "../src/aws/mask-key.ts";
import { stagePart } from "../src/aws/steps/stage-part.ts";

const variables = variablesOf("snapshot-part", process.env);
const steps = openSteps(variables);

export const handler: LambdaFunction = lambdaHandler(
  snapshotPartEvent,
  async ({ run, tables, index, part }, invocation) => {
    const { itemCount, md5Checksum: md5, dataFileS3Key: key } = part;
    const maskKey = await readMaskKey(variables.MASK_KEY_SECRET_ARN);
    const failed: string[] = [];
    for (const table of tables) {
      const staged = await stagePart(await steps(table, invocation), {
        run,
        index,
        itemCount,
        md5,
        key,
        maskKey,
      });
      if ("failure" in staged) {
        failed.push(table);
        logger.error("a file of an export could not be staged", { table, ...staged });
      } else if (staged.rejected > 0) {
        publishTableMetrics(table, { QuarantinedRecords: staged.rejected });
      }
    }
    return { failed };
  },
);
