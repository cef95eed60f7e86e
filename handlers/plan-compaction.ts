/** Plans what a compaction does next, and tells what waits for a person. */
import { z } from "zod";
import { required, wholeNumber } from "../src/aws/lambda/environment.ts";
import { type LambdaFunction, lambdaHandler } from "../src/aws/lambda/handler.ts";
import { openSteps } from "../src/aws/lambda/step.ts";
import { addCounts } from "../src/aws/lambda/telemetry.ts";
import { lakeHealth } from "../src/aws/steps/lake-health.ts";
import { COMPACTION_KINDS, planCompaction } from "../src/aws/steps/plan-compaction.ts";

const { env } = process;
const steps = openSteps(import.meta.url, env);

export const handler: LambdaFunction = lambdaHandler(
  z.object({
    scope: z.enum(["grown", "all"]),
    settleSeconds: z.number().int().min(0).optional(),
    done: z.array(z.enum(COMPACTION_KINDS)),
  }),
  async ({ scope, settleSeconds, done }) => {
    const context = await steps();
    const { store, schema } = context;
    if (done.length === 0) {
      const health = await lakeHealth(store, schema.table, required(env, "EVENT_SOURCE_MAPPING"));
      addCounts(schema.table, { ...health });
    }
    const schemaSettleSeconds = wholeNumber(env, "SCHEMA_SETTLE_SECONDS");
    return planCompaction(context, { scope, settleSeconds, schemaSettleSeconds, done });
  },
);
