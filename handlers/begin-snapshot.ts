/** Starts the export that a snapshot is made from. */
import { z } from "zod";
import { required } from "../src/aws/lambda/environment.ts";
import { type LambdaFunction, lambdaHandler } from "../src/aws/lambda/handler.ts";
import { openSteps } from "../src/aws/lambda/step.ts";
import { beginSnapshot } from "../src/aws/steps/begin-snapshot.ts";

const { env } = process;
const steps = openSteps(import.meta.url, env);

export const handler: LambdaFunction = lambdaHandler(
  z.object({ execution: z.string().min(1), first: z.boolean() }),
  async (event) =>
    beginSnapshot(await steps(), {
      ...event,
      sourceTableArn: required(env, "SOURCE_TABLE_ARN"),
      kmsKeyArn: env.LAKE_KEY_ARN,
    }),
);
