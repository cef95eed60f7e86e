/** Starts what is due in a lake. */
import { LambdaClient } from "@aws-sdk/client-lambda";
import { variablesOf } from "../src/aws/contracts/environment.ts";
import { tickEvent } from "../src/aws/contracts/steps.ts";
import { type LambdaFunction, lambdaHandler } from "../src/aws/lambda/handler.ts";
import { openLake } from "../src/aws/lambda/step.ts";
import { logger, publishTableMetrics } from "../src/aws/lambda/telemetry.ts";
import { tick } from "../src/aws/tick/tick.ts";
import { clientOptions } from "../src/sdk/clients.ts";

const variables = variablesOf("tick", process.env);
const lake = openLake(variables);
const lambda = new LambdaClient(clientOptions());

export const handler: LambdaFunction = lambdaHandler(tickEvent, async ({ ending }) => {
  const { plan, failures } = await tick({ ...lake, lambda, cleanFunction: variables.CLEAN_FUNCTION, ending });
  // An idle table needs no compaction, and no alarm for want of one.
  for (const table of plan.idle) publishTableMetrics(table, { Compactions: 1 });
  const { compactions, snapshots, vacuums, feeds } = plan;
  const started = { compactions, snapshots: snapshots.map(({ table }) => table), vacuums };
  logger.info("started", { ...started, feeds: feeds.map(({ table }) => table) });
  const [failure] = failures;
  if (failure === undefined) return;
  const failed = failures.flatMap(({ table, source }) => table ?? source ?? []);
  logger.error("some of what is due was not started", { failed });
  throw failure.error;
});
