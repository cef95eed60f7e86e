/** The public lake and what it can do. */
import type { Item } from "../core/values/attribute-value.ts";
import type {
  Cancel,
  CompactOptions,
  FollowOptions,
  InferOptions,
  ItemsOptions,
  Origin,
  Recording,
  ReplayOptions,
  RestoreOptions,
  S3RestoreOptions,
  SnapshotOptions,
  SnapshotsOptions,
  SplitOptions,
  StatusOptions,
  VacuumOptions,
  VerifyOptions,
  VerifyRestoredOptions,
  Watched,
} from "./options.ts";
import type { Query, QueryOptions, Row } from "./query.ts";
import type {
  Compaction,
  Drift,
  FollowReport,
  Inference,
  ReplayReport,
  SchemaChangeReport,
  SnapshotReport,
  SplitInference,
  TableStatus,
  Vacuumed,
  Verification,
} from "./reports.ts";
import type {
  PlannedRestore,
  PlannedS3Restore,
  Restored,
  S3Restore,
  VerifiedRestore,
} from "./restore-reports.ts";
import type { TableSchema } from "./schema.ts";

/**
 * A lake in a folder of this machine. Operations may run at the same time, each in an engine of its own.
 *
 * Every operation rejects with a `DynalakeError`, whose `code` says what to do next, and with the signal's reason once its
 * signal is aborted. After `close()` it rejects with LAKE_CLOSED.
 */
export interface Lake {
  /** The lake's folder, absolute. */
  readonly folder: string;

  /**
   * The lake's tables, or those with this name or this source. Rejects with LAKE_NOT_FOUND if there are none.
   */
  tables(of?: string): Promise<readonly ListedTable[]>;

  /**
   * One table, by its name or its source's, in any case. Reads nothing yet: its operations reject with LAKE_NOT_FOUND if the
   * lake has no such table.
   */
  table(name: string): LakeTable;

  /**
   * A schema for the items of a table or of an export. Writes nothing.
   *
   * Rejects with USAGE if an export comes without a key, with EXPORT_INVALID, or as reading the source fails:
   * TABLE_NOT_FOUND, CREDENTIALS, UNREACHABLE, THROTTLED, SOURCE_FAILED.
   */
  infer(from: Origin, options?: InferOptions & Cancel): Promise<Inference>;

  /**
   * Schemas for the tables of a single-table design: one for each kind of items that an attribute tells apart, and one for all others,
   * so that each item belongs to exactly one. Writes nothing.
   *
   * Rejects as `infer` does, and with USAGE if the attribute tells nothing apart.
   */
  inferSplit(from: Origin, options: SplitOptions & Cancel): Promise<SplitInference>;

  /**
   * Takes a full snapshot of a table or of an export, which replaces the rows of the lake table. Creates the lake if needed. A
   * failure leaves the lake as it was, except for lines in quarantine.
   *
   * Rejects as `infer` does, and with SCHEMA_INVALID, SCHEMA_COLLISION, INPUT_INVALID, CONFLICT (the lake has a later
   * snapshot), LAKE_LOCKED, INCOMPLETE (the time limit), DISK_FULL or STORE_FAILED.
   *
   * @example
   * ```ts
   * import { openLake } from "dynalake";
   *
   * const lake = await openLake("lake", { source: { endpoint: "http://127.0.0.1:8000" } });
   * const { table, items } = await lake.snapshot({ source: "Reviews" });
   * console.log(`${items} items in ${table}`);
   * await lake.close();
   * ```
   */
  snapshot(from: Origin, options?: SnapshotOptions & Watched): Promise<SnapshotReport>;

  /**
   * Snapshots of several tables that are filled from one source, by one scan of it. They are taken one after the other; a failure leaves
   * those that were taken. Rejects as `snapshot` does.
   */
  snapshots(from: Origin, options: SnapshotsOptions & Watched): Promise<readonly SnapshotReport[]>;

  /**
   * Follows the streams of the lake's tables, seconds behind, and compacts on a schedule. It holds the lake's lock and runs
   * until its signal is aborted or the lake is closed: then what was read is delivered and saved, and it resolves. An abort
   * before anything is followed rejects with the signal's reason.
   *
   * Rejects with LAKE_LOCKED, LAKE_NOT_FOUND, STREAM_UNUSABLE, and as a snapshot does where the first one is taken. While
   * there are other tables to follow, a source that cannot be read is reported (`not-followed`) and tried again.
   *
   * @example
   * ```ts
   * import { openLake } from "dynalake";
   *
   * const lake = await openLake("lake");
   * const stop = new AbortController();
   * process.once("SIGTERM", () => stop.abort());
   * const { changes } = await lake.follow({
   *   source: "Reviews",
   *   signal: stop.signal,
   *   onEvent: (event) => {
   *     if (event.kind === "gap") console.error(`changes were lost: ${event.gap.detail}`);
   *   },
   * });
   * console.log(`${changes} changes delivered`);
   * await lake.close();
   * ```
   */
  follow(options?: FollowOptions & Watched): Promise<FollowReport>;

  /**
   * Delivers recorded stream records, by the same path as those of a stream. Delivering them again does no harm. All
   * recordings are read and understood before anything is written. A quarantine file of the lake is removed once its records
   * are delivered.
   *
   * Rejects with INPUT_INVALID, USAGE, LAKE_NOT_FOUND, LAKE_LOCKED, SCHEMA_INVALID, DISK_FULL or STORE_FAILED.
   *
   * @example
   * ```ts
   * import { openLake } from "dynalake";
   *
   * const lake = await openLake("lake");
   * const { rows, quarantined } = await lake.replay(["failed-batch.json"], { name: "reviews" });
   * console.log(`${rows} changes delivered, ${quarantined} records in quarantine`);
   * await lake.close();
   * ```
   */
  replay(
    recordings: Iterable<Recording> | AsyncIterable<Recording>,
    options?: ReplayOptions & Watched,
  ): Promise<ReplayReport>;

  /**
   * One SQL statement that reads. Tables are `<table>` (the current state), `<table>_history` (every change) and
   * `<table>_snapshots`. The statement can read nothing but the lake's folder.
   *
   * @example
   * ```ts
   * import { openLake } from "dynalake";
   *
   * const lake = await openLake("lake");
   * const reviews = lake.query<{ author: string; n: number }>(
   *   "SELECT author, count(*) AS n FROM reviews GROUP BY author ORDER BY n DESC",
   * );
   * for await (const { author, n } of reviews) console.log(author, n);
   * await lake.close();
   * ```
   */
  query<R = Row>(sql: string, options?: QueryOptions & Cancel): Query<R>;

  /** Interrupts what runs, waits for it, and frees everything. What was committed stays. Calling it again does nothing. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** One lake table. */
export interface LakeTable {
  /** The schema that its rows are written with. */
  schema(): Promise<TableSchema>;

  /** Rows, lag, segments, quarantine and gaps. */
  status(options?: StatusOptions & Cancel): Promise<TableStatus>;

  /** The attributes whose values SQL does not show, or not whole, as the table is now; what hides most comes first. */
  drift(options?: Cancel): Promise<readonly Drift[]>;

  /**
   * What the table's schema would become by a schema file, given by its path or its content: new columns, wider types, other names,
   * columns that no view shows. Writes nothing. Rejects with SCHEMA_INVALID, naming the place, if the table's data rules it out.
   */
  planSchema(schema: string | TableSchema, options?: Cancel): Promise<SchemaChangeReport>;

  /** Makes it the table's schema, by one commit that writes no rows. Rejects as `planSchema` does, and with CONFLICT. */
  applySchema(schema: string | TableSchema, options?: Cancel): Promise<SchemaChangeReport>;

  /** The current items, or those of a time, in no order. Masked attributes are left out. Fails as a query does. */
  items(options?: ItemsOptions & Cancel): Items;

  /**
   * Compares every item with the source table, or with an export, while both change. The source is read once, at the given pace.
   *
   * Rejects with USAGE (the export is another table's, or too old), EXPORT_INVALID, or as reading the source fails.
   *
   * @example
   * ```ts
   * import { openLake } from "dynalake";
   *
   * const lake = await openLake("lake");
   * const { result, differences } = await lake.table("reviews").verify();
   * console.log(result);
   * for (const { kind, key, attributes } of differences) console.log(kind, key, attributes);
   * await lake.close();
   * ```
   */
  verify(options?: VerifyOptions & Watched): Promise<Verification>;

  /**
   * Folds the change log, and rewrites the base where its deltas have grown. Waits for another compaction of the table in this
   * process. Rejects with CONFLICT if those of other processes keep coming first.
   */
  compact(options?: CompactOptions & Watched): Promise<Compaction>;

  /**
   * Puts the items of now, or of a time, into a table of DynamoDB, which is made like the source if there is none, and compares all of
   * them afterwards. What was cut goes on when it is called again. Nothing is deleted, and items that are there stay.
   *
   * Rejects with USAGE, INCOMPLETE (the table may lack something), or as writing to the table fails.
   *
   * @example
   * ```ts
   * import { openLake } from "dynalake";
   *
   * const lake = await openLake("lake");
   * const { written, result } = await lake.table("reviews").restore({ to: "ReviewsOfYesterday" });
   * console.log(`${written} items written: ${result}`);
   * await lake.close();
   * ```
   */
  restore(options: RestoreOptions & Watched): Promise<Restored>;

  /** What `restore` with these options would do. Rejects as it would before it begins. */
  planRestore(options: RestoreOptions & Cancel): Promise<PlannedRestore>;

  /**
   * Writes the items of now, or of a time, to S3 in the form that DynamoDB's import reads: for tables that are too large to be put
   * item by item. The import itself is yours to begin, with `importTable` of the report. Rejects with USAGE, INCOMPLETE (the table may
   * lack something), or as writing to S3 fails; what is cut in the middle has no manifest, and is begun anew elsewhere.
   */
  restoreToS3(options: S3RestoreOptions & Watched): Promise<S3Restore>;

  /** What `restoreToS3` with these options would do. It does not look at the bucket. */
  planRestoreToS3(options: S3RestoreOptions & Cancel): Promise<PlannedS3Restore>;

  /**
   * Compares a table of DynamoDB with the items of now or of a time, such as one that an import has made, and writes nothing to it.
   * Rejects with USAGE (another key), TABLE_NOT_FOUND, or as reading the table fails.
   */
  verifyRestored(options: VerifyRestoredOptions & Watched): Promise<VerifiedRestore>;

  /** Deletes files that no commit of the retention time uses. */
  vacuum(options?: VacuumOptions & Cancel): Promise<Vacuumed>;
}

/** A table as the lake lists it. */
export interface ListedTable extends LakeTable {
  readonly name: string;
}

/** Items as DynamoDB JSON, which can be read once. Numbers and binary values are text, as DynamoDB's own JSON writes them. */
export interface Items extends AsyncIterable<Item> {
  /**
   * The same as text: lines of `{"Item":{...}}`, which DynamoDB's import reads. Each piece holds whole lines.
   *
   * @example
   * ```ts
   * import { createWriteStream } from "node:fs";
   * import { pipeline } from "node:stream/promises";
   * import { openLake } from "dynalake";
   *
   * const lake = await openLake("lake");
   * await pipeline(lake.table("reviews").items().lines(), createWriteStream("reviews.json"));
   * await lake.close();
   * ```
   */
  lines(): AsyncIterable<string>;
  /** Frees what it holds. Only items that are never read, or not to their end, need it. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}
