/** A lake table as the stream function serves it: its rows' columns are those that the lake and Firehose have. */
import type { FirehoseClient } from "@aws-sdk/client-firehose";
import type { RecordBatch } from "../core/delivery/batch-rows.ts";
import type { DeliveryContext } from "../core/delivery/deliver.ts";
import type { ServedTable } from "../core/delivery/deliver-to-tables.ts";
import type { Gap } from "../core/format/manifest.ts";
import type { ObjectStore } from "../core/ports/object-store.ts";
import { FIREHOSE_LIMITS } from "../core/row/pack-lines.ts";
import { rowCodec } from "../core/row/row.ts";
import { type LineWriter, lineWriter } from "../core/row/wire-line.ts";
import type { AcknowledgedRows } from "../core/table/acknowledged-rows.ts";
import type { Commits } from "../core/table/commits.ts";
import type { CatalogTables } from "./catalog-columns.ts";
import { deliverableTable } from "./deliverable-schema.ts";
import { firehoseSink } from "./firehose-sink.ts";
import { overdueReading } from "./overdue-reading.ts";
import { refreshed } from "./refreshed.ts";
import type { DeployedTable } from "./registry.ts";

export interface ServingContext {
  readonly store: ObjectStore;
  readonly engine: { readonly catalog: CatalogTables };
  readonly firehose: FirehoseClient;
  /** Counts what is delivered. */
  readonly acknowledged: Pick<AcknowledgedRows, "count">;
  readonly maskKey: () => Promise<Uint8Array | undefined>;
  readonly nowSeconds: () => number;
  /** Told of changes that may be lost. */
  readonly onGap: (table: string, gap: Gap) => void;
}

export interface OpenServedTable extends ServedTable {
  /** What a delivery of what waited for the table works with. */
  context(): Promise<DeliveryContext>;
}

/** A compaction may have changed the lake's schema, and a deployment what Firehose takes. */
const WRITER_SECONDS = 60;

export function servedTable(
  serving: ServingContext,
  { entry, schema, table }: DeployedTable,
): OpenServedTable {
  const { acknowledged, store, engine, firehose, maskKey, nowSeconds } = serving;
  const settleSeconds = entry.schemaSettleSeconds;
  const configuration = entry.served.at(-1)?.configuration;
  const noteOverdueReading = overdueReading({ store, table, configuration, nowSeconds });
  const sink = firehoseSink({
    client: firehose,
    stream: entry.deliveryStream,
    onAcknowledged: (rows) => acknowledged.count(table, rows),
  });
  let known: Commits | undefined;
  const writer = refreshed(WRITER_SECONDS, nowSeconds, async (): Promise<LineWriter> => {
    const deliverable = { store, engine, deployed: schema, settleSeconds, nowSeconds };
    const opened = await deliverableTable(deliverable, known);
    known = opened;
    return lineWriter(rowCodec(opened.schema, await maskKey()));
  });
  const context = async (): Promise<DeliveryContext> => ({
    store,
    sink,
    writer: await writer(),
    rowBytesMax: FIREHOSE_LIMITS.recordBytesMax,
  });
  return {
    table,
    context,
    open: async ({ records }: RecordBatch) => {
      // Before the delivery: once that is acknowledged, these records are never read again.
      const gap = await noteOverdueReading(records);
      if (gap !== undefined) serving.onGap(table, gap);
      return context();
    },
  };
}
