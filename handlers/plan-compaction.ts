/** Plans what a compaction does next, and tells what waits for a person. */
import { LambdaClient } from "@aws-sdk/client-lambda";
import { z } from "zod";
import { settleSecondsFor } from "../src/aws/aws-policy.ts";
import { required, wholeNumber } from "../src/aws/lambda/environment.ts";
import { type LambdaFunction, lambdaHandler } from "../src/aws/lambda/handler.ts";
import { openSteps } from "../src/aws/lambda/step.ts";
import { tellHealth } from "../src/aws/lambda/tell-health.ts";
import { COMPACTION_KINDS, planCompaction } from "../src/aws/steps/plan-compaction.ts";
import { clientOptions } from "../src/sdk/clients.ts";

const { env } = process;
const steps = openSteps(import.meta.url, env);
const lambda = new LambdaClient(clientOptions());

export const handler: LambdaFunction = lambdaHandler(
  z.object({
    scope: z.enum(["grown", "all"]),
    settleSeconds: z.number().int().min(0).optional(),
    done: z.array(z.enum(COMPACTION_KINDS)),
  }),
  async ({ scope, settleSeconds, done }) => {
    const context = await steps();
    if (done.length === 0) {
      await tellHealth(context, {
        lambda,
        sourceTableArn: required(env, "SOURCE_TABLE_ARN"),
        mappingId: required(env, "EVENT_SOURCE_MAPPING"),
      });
    }
    const request = {
      scope,
      settleSeconds: settleSeconds ?? settleSecondsFor(wholeNumber(env, "BUFFER_SECONDS")),
      schemaSettleSeconds: wholeNumber(env, "SCHEMA_SETTLE_SECONDS"),
      done,
    };
    return planCompaction(context, request);
  },
);
