/** Removes what is no longer needed. */
import { variablesOf } from "../src/aws/contracts/environment.ts";
import { cleanEvent } from "../src/aws/contracts/steps.ts";
import { type LambdaFunction, lambdaHandler } from "../src/aws/lambda/handler.ts";
import { openLake } from "../src/aws/lambda/step.ts";
import { requireDeployedTable } from "../src/aws/registry.ts";
import { clean } from "../src/aws/steps/clean.ts";

const lake = openLake(variablesOf("clean", process.env));

export const handler: LambdaFunction = lambdaHandler(cleanEvent, async (event) => {
  const { entry } = await requireDeployedTable(lake.store, event.table);
  return clean(lake, { ...event, source: entry.source, retentionHours: entry.retentionHours });
});
