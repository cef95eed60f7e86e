/** Plans what a compaction does next, and reports what waits for a person. */
import { variablesOf } from "../src/aws/contracts/environment.ts";
import { planCompactionEvent } from "../src/aws/contracts/steps.ts";
import { unshownValues } from "../src/aws/known-drift.ts";
import { type LambdaFunction, lambdaHandler } from "../src/aws/lambda/handler.ts";
import { openSteps } from "../src/aws/lambda/step.ts";
import { publishTableMetrics } from "../src/aws/lambda/telemetry.ts";
import { tellCheckedDays } from "../src/aws/lambda/tell-checked-days.ts";
import { lakeHealth } from "../src/aws/steps/lake-health.ts";
import { planCompaction } from "../src/aws/steps/plan-compaction.ts";
import { checkDeliveries } from "../src/core/delivery/check-deliveries.ts";

const steps = openSteps(variablesOf("plan-compaction", process.env));

export const handler: LambdaFunction = lambdaHandler(planCompactionEvent, async (event, invocation) => {
  const { table } = event;
  const context = await steps(table, invocation);
  if (event.done.length === 0) {
    await tellCheckedDays(table, () => checkDeliveries(context));
    publishTableMetrics(table, await lakeHealth(context.store, context.opened));
  }
  const planned = await planCompaction(context, event);
  if (planned.step === "publish") {
    // Its looks are over. A value of 0 is left out: the alarm takes a missing one as that.
    const HiddenValues = await unshownValues(context.store, context.opened);
    publishTableMetrics(table, { Compactions: 1, ...(HiddenValues > 0 && { HiddenValues }) });
  }
  return planned;
});
