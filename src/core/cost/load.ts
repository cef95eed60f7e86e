/** What an estimate goes by: the size of a source table, its writes, and the options of its deployment. */
import { bucketsFor } from "../schema/partitioning.ts";

export interface Load {
  /** Changes of the source table, averaged over a month. 0: an idle table. */
  readonly writesPerSecond: number;
  /** Bytes of the source table, as DynamoDB counts them. */
  readonly tableBytes: number;
  /** Mean bytes of an item. */
  readonly itemBytes: number;
  /** Lake tables of this source, each of which holds all of its items. */
  readonly lakeTables: number;
  /** Parts of the base; by default as many as a first snapshot makes. */
  readonly buckets?: number | undefined;
  /** 0: never. */
  readonly compactEveryMinutes: number;
  /** Snapshots after the first one. 0: never. */
  readonly snapshotEveryDays: number;
  /** How many snapshots the lake keeps. */
  readonly snapshotsKept: number;
  readonly bufferSeconds: number;
  readonly batchWindowSeconds: number;
  readonly batchSize: number;
  readonly retentionHours: number;
  readonly undeleteDays: number;
  readonly alarms: boolean;
  readonly dashboard: boolean;
  /** The lake has a key of its own. */
  readonly ownKey: boolean;
}

/** The constructs' defaults. */
export const DEFAULT_LOAD: Omit<Load, "writesPerSecond" | "tableBytes"> = {
  itemBytes: 1000,
  lakeTables: 1,
  compactEveryMinutes: 15,
  snapshotEveryDays: 0,
  snapshotsKept: 1,
  bufferSeconds: 60,
  batchWindowSeconds: 5,
  batchSize: 1000,
  retentionHours: 168,
  undeleteDays: 7,
  alarms: true,
  dashboard: true,
  ownKey: false,
};

export const MONTH_SECONDS: number = 30 * 86_400;

/** What a byte of an item becomes. Assumed, not measured: tables differ. */
const WIRE_SHARE = 1.3;
const LOG_SHARE = 0.5;
const BASE_SHARE = 0.4;

const SHARDS_MIN = 4;
const WRITES_PER_SHARD = 500;
/** Firehose takes a record of 1,000 KiB, and bills it in steps of 5 KB. */
const RECORD_BYTES_MAX = 1_000_000;
const RECORD_STEP_BYTES = 5000;

/** Amounts that follow from a load. Per lake table, unless said otherwise. */
export interface Amounts {
  /** Per month. */
  readonly rows: number;
  readonly rowsPerBatch: number;
  /** What Firehose gets, on average. */
  readonly wireBytesPerSecond: number;
  /** Of the source: batches of its stream per month. */
  readonly batches: number;
  /** What Firehose bills per month. */
  readonly billedBytes: number;
  readonly logBytes: number;
  readonly baseBytes: number;
  readonly items: number;
  readonly buckets: number;
  /** Executions per month: none where nothing was written. */
  readonly compactions: number;
  /** Per month, without the first one. */
  readonly snapshots: number;
}

export function amountsOf(load: Load): Amounts {
  const { writesPerSecond, itemBytes, tableBytes, batchSize, batchWindowSeconds } = load;
  const rows = writesPerSecond * MONTH_SECONDS;
  const shards = Math.max(SHARDS_MIN, Math.ceil(writesPerSecond / WRITES_PER_SHARD));
  // The first record begins the window.
  const rowsPerBatch = Math.min(batchSize, 1 + (writesPerSecond * batchWindowSeconds) / shards);
  const batches = rows / rowsPerBatch;
  const items = itemBytes === 0 ? 0 : tableBytes / itemBytes;
  return {
    rows,
    rowsPerBatch,
    wireBytesPerSecond: writesPerSecond * itemBytes * WIRE_SHARE,
    batches,
    billedBytes: batches * billedBatchBytes(rowsPerBatch * itemBytes * WIRE_SHARE),
    logBytes: rows * itemBytes * LOG_SHARE,
    baseBytes: tableBytes * BASE_SHARE,
    items,
    buckets: load.buckets ?? bucketsFor(items),
    compactions: compactionsOf(load),
    snapshots: load.snapshotEveryDays === 0 ? 0 : MONTH_SECONDS / (load.snapshotEveryDays * 86_400),
  };
}

/** A batch is packed into as few records as hold it. */
function billedBatchBytes(bytes: number): number {
  const full = Math.floor(bytes / RECORD_BYTES_MAX);
  const rest = bytes - full * RECORD_BYTES_MAX;
  return full * RECORD_BYTES_MAX + Math.ceil(rest / RECORD_STEP_BYTES) * RECORD_STEP_BYTES;
}

/** Only where something new has come: with rare writes, at most two executions for each of them. */
function compactionsOf({ compactEveryMinutes, writesPerSecond }: Load): number {
  if (compactEveryMinutes === 0) return 0;
  return Math.min(MONTH_SECONDS / (compactEveryMinutes * 60), 2 * writesPerSecond * MONTH_SECONDS);
}
