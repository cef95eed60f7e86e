/** Plans the run that makes the base of the staged rows. */
import { z } from "zod";
import { type LambdaFunction, lambdaHandler } from "../src/aws/lambda/handler.ts";
import { openSteps } from "../src/aws/lambda/step.ts";
import { planSeed } from "../src/aws/steps/plan-seed.ts";
import { segmentName } from "../src/core/format/manifest.ts";

const steps = openSteps(import.meta.url, process.env);

export const handler: LambdaFunction = lambdaHandler(
  z.object({ run: segmentName, exportPrefix: z.string().min(1) }),
  async (event) => planSeed(await steps(), event),
);
