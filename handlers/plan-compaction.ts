/** Plans what a compaction does next, and reports what waits for a person. */
import { LambdaClient } from "@aws-sdk/client-lambda";
import { settleSecondsFor } from "../src/aws/aws-policy.ts";
import { variablesOf } from "../src/aws/contracts/environment.ts";
import { planCompactionEvent } from "../src/aws/contracts/steps.ts";
import { type LambdaFunction, lambdaHandler } from "../src/aws/lambda/handler.ts";
import { openSteps } from "../src/aws/lambda/step.ts";
import { tellHealth } from "../src/aws/lambda/tell-health.ts";
import { planCompaction } from "../src/aws/steps/plan-compaction.ts";
import { clientOptions } from "../src/sdk/clients.ts";

const variables = variablesOf("plan-compaction", process.env);
const steps = openSteps(import.meta.url, variables);
const lambda = new LambdaClient(clientOptions());

export const handler: LambdaFunction = lambdaHandler(planCompactionEvent, async (event) => {
  const context = await steps();
  if (event.done.length === 0) {
    await tellHealth(context, {
      lambda,
      sourceTableArn: variables.SOURCE_TABLE_ARN,
      mappingId: variables.EVENT_SOURCE_MAPPING,
    });
  }
  return planCompaction(context, event, {
    settleSeconds: settleSecondsFor(variables.BUFFER_SECONDS),
    schemaSettleSeconds: variables.SCHEMA_SETTLE_SECONDS,
  });
});
