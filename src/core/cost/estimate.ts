/** What a source and its lake tables cost in a month, per resource, with its formula and what would make it cheaper. */
import { type Amounts, amountsOf, type Load, MONTH_SECONDS } from "./load.ts";
import { PRICES, SCAN_BYTES_MIN } from "./prices.ts";
import { RUN_REQUESTS, runDollars } from "./run.ts";
import { MINOR_STATEMENTS, majorStatements, writingStatements } from "./statements.ts";
import { lakeWatching, sourceWatching, tableWatching, watchingDollars } from "./watching.ts";

export interface CostLine {
  readonly resource: string;
  readonly dollars: number;
  /** The formula, for people. */
  readonly formula: string;
  readonly cheaper?: string;
}

export interface Estimate {
  readonly load: Load;
  readonly perMonth: readonly CostLine[];
  readonly monthDollars: number;
  /** Paid once, and again with each snapshot. */
  readonly snapshotDollars: number;
  readonly statements: {
    /** Of a snapshot's seed, per lake table. */
    readonly seed: number;
    readonly minor: number;
    /** Of a major compaction that rewrites every part. */
    readonly major: number;
  };
  /** Dollars per month while nothing is written. */
  readonly idle: { readonly table: number; readonly source: number; readonly lake: number };
}

/** Measured by `npm run bench:lambda`, which docs/performance.md describes. */
const ROW_SECONDS = 0.0001;
/** Assumed: what a batch waits for other services. */
const BATCH_SECONDS = 0.15;
const STREAM_GB = 1;

/** A compaction reads the log since an hour before the horizon, of whole hours. */
const LOG_HOURS = 4;
/** The share of a table that has changed when it is rewritten. */
const REWRITE_SHARE = 0.1;
/** Minor compactions after which a major one is looked for. */
const MINORS_PER_MAJOR = 8;
const OBJECT_BYTES = 64 * 1024 * 1024;
/** An instance of the stream function writes its counts of rows so often, at most. */
const COUNT_SECONDS = 300;
const SEED_READS = 2;

export function estimate(load: Load): Estimate {
  const amounts = amountsOf(load);
  const perMonth = [
    streamLine(load, amounts),
    firehoseLine(load, amounts),
    requestsLine(load, amounts),
    storageLine(load, amounts),
    athenaLine(load, amounts),
    machinesLine(load, amounts),
    watchingLine(load, amounts),
    recoveryLine(load),
    ...snapshotLines(load, amounts),
  ];
  return {
    load,
    perMonth,
    monthDollars: perMonth.reduce((sum, { dollars }) => sum + dollars, 0),
    snapshotDollars: snapshotDollars(load, amounts),
    statements: {
      seed: writingStatements(amounts.buckets),
      minor: MINOR_STATEMENTS,
      major: majorStatements(amounts.buckets),
    },
    idle: {
      table: watchingDollars(tableWatching(load)),
      source: watchingDollars(sourceWatching(load)),
      lake: watchingDollars(lakeWatching(load)),
    },
  };
}

function streamLine({ lakeTables }: Load, { batches, rows }: Amounts): CostLine {
  const seconds = batches * BATCH_SECONDS + rows * ROW_SECONDS * lakeTables;
  return {
    resource: "Stream function",
    dollars:
      batches * PRICES.invocation.dollars +
      tracesOf(batches) * PRICES.trace.dollars +
      seconds * STREAM_GB * PRICES.computeSecond.dollars,
    formula: "batches x invocation + traces + (batches x 0.15 s + rows x 0.1 ms x lake tables) x 1 GB",
    cheaper: "a longer batchWindow: fuller batches, more delay",
  };
}

/** By X-Ray's default rule: one in a second, and 5% of the others (AWS: X-Ray developer guide, "Configuring sampling rules"). */
function tracesOf(invocations: number): number {
  const first = Math.min(invocations, MONTH_SECONDS);
  return first + 0.05 * (invocations - first);
}

function firehoseLine({ lakeTables }: Load, { billedBytes }: Amounts): CostLine {
  return {
    resource: "Firehose",
    dollars: lakeTables * gigabytes(billedBytes) * (PRICES.firehose.dollars + PRICES.conversion.dollars),
    formula: "lake tables x batches x (1.3 x item bytes x rows per batch, rounded up to 5 KB)",
    cheaper: "a longer batchWindow: fewer records to round up",
  };
}

function requestsLine(load: Load, amounts: Amounts): CostLine {
  const { bufferSeconds, lakeTables } = load;
  // With no writes at all, the division gives infinity: the buffer's time is the shorter one.
  const seconds = OBJECT_BYTES / amounts.wireBytesPerSecond;
  const objects = Math.min(amounts.batches, MONTH_SECONDS / Math.min(bufferSeconds, seconds));
  const counts = Math.min(amounts.batches, MONTH_SECONDS / COUNT_SECONDS);
  return {
    resource: "S3 requests",
    dollars: lakeTables * (objects + counts + amounts.compactions * RUN_REQUESTS) * PRICES.put.dollars,
    formula: "lake tables x (objects of the change log + counts of rows, one in 300 s + compactions x 60)",
    cheaper: "a longer bufferTime and compactEvery",
  };
}

/** Segments that were replaced stay for the retention, and then for the undelete days. */
function storageLine({ lakeTables, retentionHours, undeleteDays }: Load, amounts: Amounts): CostLine {
  const churnDays = retentionHours / 24 + undeleteDays;
  const churn = (rewrites(amounts) / 30) * amounts.baseBytes * churnDays;
  return {
    resource: "S3 storage, at the end of the first month",
    dollars: lakeTables * gigabytes(amounts.baseBytes + amounts.logBytes + churn) * PRICES.storage.dollars,
    formula: "lake tables x (base + log + rewrites a day x base x (retention + undelete days))",
    cheaper: "fewer retentionHours and undeleteDays; the log grows each month, and is the history",
  };
}

function athenaLine({ lakeTables }: Load, amounts: Amounts): CostLine {
  const { compactions, logBytes, baseBytes, buckets } = amounts;
  const minor = Math.max((LOG_HOURS / 720) * logBytes, MINOR_STATEMENTS * SCAN_BYTES_MIN);
  const statements = majorStatements(buckets);
  // Each statement reads the parts that it writes, and all deltas.
  const major = Math.max(baseBytes * (1 + REWRITE_SHARE * statements), statements * SCAN_BYTES_MIN);
  return {
    resource: "Athena, compactions",
    dollars: lakeTables * terabytes(compactions * minor + rewrites(amounts) * major) * PRICES.scan.dollars,
    formula:
      "lake tables x (compactions x 4 hours of log + rewrites x base x (1 + statements x 0.1)), 10 MB a statement at least",
    cheaper:
      "a longer compactEvery; fewer buckets, since each hundred of them is a statement that reads all deltas",
  };
}

/** Rewrites of the whole base per month: when a tenth has changed, and not more often than majors are looked for. */
function rewrites({ compactions, items, rows }: Amounts): number {
  return items === 0 ? 0 : Math.min(compactions / MINORS_PER_MAJOR, rows / (REWRITE_SHARE * items));
}

function machinesLine({ lakeTables }: Load, { compactions }: Amounts): CostLine {
  return {
    resource: "Step Functions, and the functions of compactions",
    dollars: lakeTables * compactions * runDollars(),
    formula: "lake tables x compactions x (25 transitions + 6 invocations + 20 GB-seconds)",
    cheaper: "a longer compactEvery",
  };
}

function watchingLine(load: Load, { compactions }: Amounts): CostLine {
  const dollars =
    watchingDollars(lakeWatching(load)) +
    watchingDollars(sourceWatching(load)) +
    load.lakeTables * watchingDollars(tableWatching(load, compactions));
  return {
    resource: "Watching: alarms, metrics, dashboard, tick",
    dollars,
    formula: "the lake, shared by all of its tables + the source + lake tables x an idle table",
    cheaper: 'alarms: "none", dashboard: "none"',
  };
}

function recoveryLine({ tableBytes }: Load): CostLine {
  return {
    resource: "Point-in-time recovery",
    dollars: gigabytes(tableBytes) * PRICES.recovery.dollars,
    formula: "table x recovery; the table may have it anyway",
  };
}

/** What snapshots by a schedule cost, and what they leave. */
function snapshotLines(load: Load, amounts: Amounts): readonly CostLine[] {
  const { lakeTables, retentionHours, snapshotsKept, undeleteDays } = load;
  const { baseBytes, snapshots } = amounts;
  if (snapshots === 0 && snapshotsKept === 1) return [];
  // The newest one is the base, which storage has already. Those that are no longer kept go as replaced segments do.
  const older = Math.min(snapshotsKept - 1, snapshots);
  const going = Math.min(snapshots - older, (snapshots / 30) * (retentionHours / 24 + undeleteDays));
  return [
    {
      resource: "Snapshots: exports, and Athena",
      dollars: snapshots * snapshotDollars(load, amounts),
      formula: "snapshots a month x (table x export + lake tables x 2 x table x scan)",
      cheaper: "a longer snapshotEvery",
    },
    {
      resource: "S3 storage of older snapshots, at the end of the first month",
      dollars: lakeTables * gigabytes((older + going) * baseBytes) * PRICES.storage.dollars, // breakage: kept-snapshots-cost
      formula:
        "lake tables x base x (kept snapshots but the newest + those of the retention and the undelete days that are not kept)",
      cheaper: "fewer snapshotsKept",
    },
  ];
}

/** The export is shared. */
function snapshotDollars({ lakeTables, tableBytes }: Load, { buckets }: Amounts): number {
  const read = Math.max(tableBytes * SEED_READS, writingStatements(buckets) * SCAN_BYTES_MIN);
  // breakage: export-is-shared
  return gigabytes(tableBytes) * PRICES.export.dollars + lakeTables * terabytes(read) * PRICES.scan.dollars;
}

function gigabytes(bytes: number): number {
  return bytes / 1e9;
}

function terabytes(bytes: number): number {
  return bytes / 1e12;
}
