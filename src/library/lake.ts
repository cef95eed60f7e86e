/** The public lake: what it can do, and what it is asked. */
import type { Item } from "../core/values/attribute-value.ts";
import type { LakeEvent } from "./event.ts";
import type { Query, QueryOptions, Row } from "./query.ts";
import type {
  Compaction,
  FollowReport,
  Inference,
  ReplayReport,
  SnapshotReport,
  TableStatus,
  Vacuumed,
  Verification,
} from "./reports.ts";
import type { TableKey, TableSchema } from "./schema.ts";

export interface OpenOptions {
  /** Threads of each operation. Default: 2, and for snapshots as many as there are processors, at most 8. */
  readonly threads?: number;
  /**
   * What the engine of each operation may keep in memory before it uses the disk. Default: a quarter of the memory of this
   * machine, or of the container, and at least 700. Queries that are open at the same time each have as much.
   */
  readonly memoryMegabytes?: number;
  /** The secret of columns that are masked by `sha256`. */
  readonly maskKey?: Uint8Array;
  /** Where source tables are. */
  readonly source?: SourceOptions;
  /** What relative paths are relative to: the lake's folder, exports, schema files and recordings. Default: the process's folder. */
  readonly cwd?: string;
}

/** Where DynamoDB is. Nothing is sent before an operation needs it. */
export interface SourceOptions {
  /** An endpoint that speaks the protocol of DynamoDB, such as `http://127.0.0.1:8000`. Default: AWS. */
  readonly endpoint?: string;
  /** Default: `AWS_REGION`, or the profile's. */
  readonly region?: string;
  /** Default: what the AWS SDK finds. An endpoint on this machine needs none. */
  readonly credentials?: AwsCredentials | (() => Promise<AwsCredentials>);
  /** The variables that set the region, and show whether there are credentials. Default: `process.env`. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  /** When they stop being valid: a function is called again before that. */
  readonly expiration?: Date;
}

export interface Cancel {
  /** Aborting it ends the operation, which rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

export interface Watched extends Cancel {
  /**
   * Called for each event, which never waits for it. What it throws is an uncaught exception, and does not end the operation.
   */
  readonly onEvent?: (event: LakeEvent) => void;
}

/** A DynamoDB table by its name, or the folder of an export (the one that holds `AWSDynamoDB`). */
export type Origin = { readonly source: string } | { readonly export: string };

/** How fast a source table is read. */
export interface ReadOptions {
  /**
   * Share of a provisioned table's read capacity, above 0 and at most 1. Default: 0.5, or no limit for an endpoint on this
   * machine.
   */
  readonly readShare?: number;
  /** Read units per second, in place of the share; the only limit that an on-demand table can have. */
  readonly readUnitsPerSecond?: number;
}

export interface InferOptions {
  /** The lake table's name. Default: the source's. */
  readonly name?: string;
  /** The key's attributes. An export does not say them. */
  readonly key?: TableKey;
}

export interface SnapshotOptions extends InferOptions, ReadOptions {
  /** A schema file's path, or its content, which may add columns. Default: the lake's schema, or one inferred from a sample. */
  readonly schema?: string | TableSchema;
  /** After this the scan of a source fails with INCOMPLETE. Default: no limit. */
  readonly timeLimitSeconds?: number;
}

export interface FollowOptions {
  /** The DynamoDB table. One that the lake does not have yet gets its first snapshot. Default: all tables of the lake. */
  readonly source?: string;
  /** The lake table. Default: the source's name. */
  readonly name?: string;
  /** A schema file's path, or its content: for a first snapshot, or to add columns. */
  readonly schema?: string | TableSchema;
  /** Seconds between compactions. `false`: never compact. Default: 60. */
  readonly compactEverySeconds?: number | false;
  /** End when every stream was read to its end. */
  readonly once?: boolean;
}

export interface ReplayOptions {
  /** The lake table. Default: the only one of the lake. A table that the lake does not have yet needs `key` or `schema`, too. */
  readonly name?: string;
  readonly key?: TableKey;
  /** A schema file's path, or its content: for a new table, or to add columns. */
  readonly schema?: string | TableSchema;
}

/**
 * Recorded stream records: a file's path, or its content with a name for messages. A Lambda event, the answer of GetRecords, an
 * on-failure object, a quarantine file, an error file of Firehose, or JSON lines of records.
 */
export type Recording = string | { readonly name: string; readonly content: string | Uint8Array };

export interface ItemsOptions {
  /** The items as they were at this time. Default: now. */
  readonly asOf?: Date;
}

export interface VerifyOptions extends ReadOptions {
  /** The folder of an export to compare with, in place of the source table. */
  readonly export?: string;
  /** How long a difference gets to settle while the source changes. Default: 60. */
  readonly settleSeconds?: number;
  /** Name at most this many differences, and as many unsettled keys. All are counted. Default: 100. */
  readonly namedMax?: number;
}

export interface CompactOptions {
  /** Rewrite every part of the base that has deltas or lacks a new column, not only those whose deltas have grown. */
  readonly all?: boolean;
  /** Leave changes of these last seconds in the change log. Default: 0. */
  readonly settleSeconds?: number;
}

export interface VacuumOptions {
  /** Keep manifests, and with them `asOf`, for this long. Default: 168. */
  readonly retentionHours?: number;
  /** Leave younger files and manifests alone, since they may belong to work that still runs. Default: 24. */
  readonly graceHours?: number;
}

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
   * A schema for the items of a table or of an export, from a sample. Writes nothing.
   *
   * Rejects with USAGE if an export comes without a key, with EXPORT_INVALID, or as reading the source fails:
   * TABLE_NOT_FOUND, CREDENTIALS, UNREACHABLE, THROTTLED, SOURCE_FAILED.
   */
  infer(from: Origin, options?: InferOptions & Cancel): Promise<Inference>;

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
   * Follows the streams of the lake's tables, seconds behind, and compacts on a schedule. It holds the lake's lock and goes on
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
  status(options?: Cancel): Promise<TableStatus>;

  /** The current items, or those of a time, in no order. Masked attributes are left out. Fails as a query does. */
  items(options?: ItemsOptions & Cancel): Items;

  /**
   * Compares every item with the source table, or with an export, while both go on. The source is read once, at the given pace.
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

  /** Folds the change log, and rewrites the base where its deltas have grown. Rejects with CONFLICT if another commit was first. */
  compact(options?: CompactOptions & Watched): Promise<Compaction>;

  /** Deletes files that no commit of the retention time uses. */
  vacuum(options?: VacuumOptions & Cancel): Promise<Vacuumed>;
}

/** A table as the lake lists it, opened: its first operation uses what the listing read, and later ones read it again. */
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
