/** Removes what is no longer needed. */
import { z } from "zod";
import { wholeNumber } from "../src/aws/lambda/environment.ts";
import { type LambdaFunction, lambdaHandler } from "../src/aws/lambda/handler.ts";
import { openSteps } from "../src/aws/lambda/step.ts";
import { clean } from "../src/aws/steps/clean.ts";
import { segmentName } from "../src/core/format/manifest.ts";

const steps = openSteps(import.meta.url, process.env);

export const handler: LambdaFunction = lambdaHandler(
  z.object({
    run: segmentName.optional(),
    exportPrefix: z.string().optional(),
    vacuum: z.boolean().default(false),
  }),
  async ({ run, exportPrefix, vacuum }) => {
    const retentionHours = wholeNumber(process.env, "RETENTION_HOURS");
    return clean(await steps(), { run, exportPrefix, vacuum, retentionHours });
  },
);
