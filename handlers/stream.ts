/** DynamoDB stream -> wire rows -> Firehose; what can never be delivered goes to quarantine. */
import * as z from "zod/mini";
import { variablesOf } from "../src/aws/contracts/environment.ts";
import { deliverableSchema } from "../src/aws/deliverable-schema.ts";
import { type LambdaFunction, lambdaHandler } from "../src/aws/lambda/handler.ts";
import { deployedSchema } from "../src/aws/lambda/step.ts";
import { openStreamLake } from "../src/aws/lambda/stream-lake.ts";
import { logger } from "../src/aws/lambda/telemetry.ts";
import { tellDelivery } from "../src/aws/lambda/tell-delivery.ts";
import { readMaskKey } from "../src/aws/mask-key.ts";
import { overdueReading } from "../src/aws/overdue-reading.ts";
import { refreshed } from "../src/aws/refreshed.ts";
import { deliverStream } from "../src/aws/stream-delivery.ts";
import { rowCodec } from "../src/core/row/row.ts";
import { lineWriter } from "../src/core/row/wire-line.ts";
import { nowSeconds } from "../src/sdk/new-run-id.ts";

const variables = variablesOf("stream", process.env);
const lake = openStreamLake(variables);
const deployed = deployedSchema(import.meta.url);
const settleSeconds = variables.SCHEMA_SETTLE_SECONDS;

const noteOverdueReading = overdueReading({ store: lake.store, table: deployed.table, nowSeconds });

/** A compaction may have changed the lake's schema, and a deployment what Firehose takes. */
const writer = refreshed(60, nowSeconds, async () => {
  const schema = await deliverableSchema({ ...lake, deployed, settleSeconds, nowSeconds });
  return lineWriter(rowCodec(schema, await readMaskKey(variables.MASK_KEY_SECRET_ARN)));
});

export const handler: LambdaFunction = lambdaHandler(
  z.object({ Records: z.array(z.unknown()) }),
  async (event) => {
    // Before the delivery: once that is acknowledged, these records are never read again.
    const gap = await noteOverdueReading(event.Records);
    if (gap !== undefined) logger.error("changes may be lost", { ...gap });
    const { store, sink } = lake;
    const context = { store, sink, writer: await writer(), nowSeconds };
    const answer = await deliverStream(context, event);
    tellDelivery(deployed.table, answer, nowSeconds());
    const { failedFrom } = answer;
    return { batchItemFailures: failedFrom === undefined ? [] : [{ itemIdentifier: failedFrom }] };
  },
);
