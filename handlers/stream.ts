/** DynamoDB stream -> wire rows -> Firehose, for all lake tables of a source; what can never be delivered goes to quarantine. */
import * as z from "zod/mini";
import { variablesOf } from "../src/aws/contracts/environment.ts";
import { type LambdaFunction, lambdaHandler } from "../src/aws/lambda/handler.ts";
import { openStreamLake } from "../src/aws/lambda/stream-lake.ts";
import { logger } from "../src/aws/lambda/telemetry.ts";
import { tellDelivery } from "../src/aws/lambda/tell-delivery.ts";
import { tellFed } from "../src/aws/lambda/tell-fed.ts";
import { readMaskKey } from "../src/aws/mask-key.ts";
import { refreshed } from "../src/aws/refreshed.ts";
import { deployedTablesOf } from "../src/aws/registry.ts";
import { servedTable } from "../src/aws/served-table.ts";
import { deliverStream } from "../src/aws/stream-delivery.ts";
import { feedWaiting } from "../src/core/delivery/feed-waiting.ts";
import { acknowledgedRows } from "../src/core/table/acknowledged-rows.ts";
import { STREAM_FUNCTION_SECONDS, TABLES_REFRESH_SECONDS } from "../src/core/table/served-intervals.ts";
import { newRunId, nowSeconds } from "../src/sdk/new-run-id.ts";

const variables = variablesOf("stream", process.env);
const lake = openStreamLake(variables);

const acknowledged = acknowledgedRows({ store: lake.store, counter: newRunId(), nowSeconds });

/** A deployment may have added or removed tables. */
const servedTables = refreshed(TABLES_REFRESH_SECONDS, nowSeconds, async () => {
  const serving = {
    ...lake,
    acknowledged,
    nowSeconds,
    maskKey: () => readMaskKey(variables.MASK_KEY_SECRET_ARN),
    onGap: (table: string, gap: object) => logger.error("changes may be lost", { table, ...gap }),
  };
  return (await deployedTablesOf(lake.store, variables.SOURCE)).map((table) => servedTable(serving, table));
});

/** A batch of the stream, or the name of a table for which changes wait. */
const event = z.union([z.object({ Records: z.array(z.unknown()) }), z.object({ feed: z.string() })]);

export const handler: LambdaFunction = lambdaHandler(event, async (given) => {
  const tables = await servedTables();
  if ("feed" in given) {
    const context = await tables.find(({ table }) => table === given.feed)?.context();
    // Half of the time is left to the last of the deliveries.
    const clock = { nowSeconds, secondsMax: STREAM_FUNCTION_SECONDS / 2 };
    if (context !== undefined) tellFed(given.feed, await feedWaiting(lake.store, given.feed, context, clock));
    return;
  }
  const answer = await deliverStream({ store: lake.store, tables, nowSeconds }, given);
  tellDelivery(answer, nowSeconds());
  // A count that is not kept hides a loss, and never invents one.
  await acknowledged.save().catch(() => logger.warn("acknowledged rows could not be counted"));
  const { failedFrom } = answer;
  return { batchItemFailures: failedFrom === undefined ? [] : [{ itemIdentifier: failedFrom }] };
});
