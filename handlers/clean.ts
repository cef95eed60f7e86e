/** Removes what is no longer needed. */
import { variablesOf } from "../src/aws/contracts/environment.ts";
import { cleanEvent } from "../src/aws/contracts/steps.ts";
import { type LambdaFunction, lambdaHandler } from "../src/aws/lambda/handler.ts";
import { isOverFor, openLake } from "../src/aws/lambda/step.ts";
import { logger } from "../src/aws/lambda/telemetry.ts";
import { requireDeployedTable } from "../src/aws/registry.ts";
import { clean } from "../src/aws/steps/clean.ts";

const lake = openLake(variablesOf("clean", process.env));

export const handler: LambdaFunction = lambdaHandler(cleanEvent, async (event, invocation) => {
  const { source, retentionHours } = (await requireDeployedTable(lake.store, event.table)).entry;
  const context = { ...lake, isOver: isOverFor(invocation) };
  const cleaned = await clean(context, { ...event, source, retentionHours });
  if (cleaned.isLeft) logger.info("a vacuum goes on with the next tick", { table: event.table, ...cleaned });
  return cleaned;
});
