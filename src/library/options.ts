/** What the operations of a lake are given. */

import type { SnapshotsKept } from "../core/format/snapshots-kept.ts";
import type { LakeEvent } from "./event.ts";
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
  /** About how many items `infer` reads. Default: all. */
  readonly sample?: number;
  /** The lake table's name. Default: the source's. */
  readonly name?: string;
  /** The key's attributes. An export does not name them. */
  readonly key?: TableKey;
}

export interface SplitOptions extends InferOptions {
  /**
   * The attribute that tells kinds of items apart. Of values that look like `ORDER#17`, as in keys, the beginning counts (`ORDER#`).
   */
  readonly splitBy: string;
}

export interface SnapshotsOptions extends Omit<SnapshotOptions, "schema" | "name"> {
  /** Schema files' paths, or their content: a lake table for each. */
  readonly schemas?: readonly (string | TableSchema)[];
  /** Tables of the lake, which keep their schemas. */
  readonly tables?: readonly string[];
}

export interface SnapshotOptions extends InferOptions, ReadOptions {
  /** A schema file's path, or its content, which may add columns. Default: the lake's schema, or one inferred from the items. */
  readonly schema?: string | TableSchema;
  /** After this the scan of a source fails with INCOMPLETE. Default: no limit. */
  readonly timeLimitSeconds?: number;
  /**
   * When the reading of the items began, where the origin is none of DynamoDB's own exports: the export of Data Pipeline or EMR,
   * a file of Scan's answers, or of `items`. Default: unknown, so that a follower reports a gap until the next dated snapshot.
   */
  readonly exportedAt?: Date;
  /**
   * How many snapshots `<table>_snapshots` has from now on, this one included: a number, `"all"`, or `{ seconds }` for those that are
   * at most so much older. Default: what was asked for before, and at first 1.
   */
  readonly keep?: SnapshotsKept;
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
  /** Take a snapshot of each table once its last one is so old. Default: never, apart from the first one. */
  readonly snapshotEverySeconds?: number;
  /** How many snapshots each table keeps from the next one on; see `SnapshotOptions`. */
  readonly keep?: SnapshotsKept;
  /** End when every stream was read to its end. */
  readonly once?: boolean;
}

export interface ReplayOptions {
  /** The lake table. Default: the only one of the lake. A table that the lake does not have yet needs `key` or `schema`, too. */
  readonly name?: string;
  readonly key?: TableKey;
  /** A schema file's path, or its content: for a new table, or to add columns. */
  readonly schema?: string | TableSchema;
  /** Take records whatever table they name as theirs. Default: those of another source table are left alone, and counted. */
  readonly anySource?: boolean;
  /**
   * Deliver changes although newer ones of their items stay in quarantine: until these are replayed, the table shows such items as they
   * were, or items that are gone. Default: such changes stay in quarantine, too.
   */
  readonly partial?: boolean;
  /** Nothing is written: the report says what would be. The lake table has to be there. */
  readonly dryRun?: boolean;
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

export interface RestoreOptions {
  /** The table of DynamoDB that is filled. It is made if there is none of this name. */
  readonly to: string;
  /** The items of this time. Default: those of now. */
  readonly asOf?: Date;
  /** A file with the answer of `aws dynamodb describe-table`: how a new table is made. Default: as the source is or was. */
  readonly like?: string;
  /** Items whose keys are in the table are replaced. By default they stay. Nothing is ever deleted. */
  readonly overwrite?: boolean;
  /** Restores what there is of a table that may lack something. */
  readonly incomplete?: boolean;
  /** Allows to fill the source of the lake table itself: each item then comes back by its stream. */
  readonly intoSource?: boolean;
  /** Write units per second at most. Default: as many as the table takes. */
  readonly writeUnitsPerSecond?: number;
  /** Items expire by this attribute once all are there. */
  readonly timeToLive?: string;
  /** At most this many differences are named; all are counted. Default: 100. */
  readonly namedMax?: number;
}

export interface S3RestoreOptions extends Pick<RestoreOptions, "asOf" | "like" | "incomplete"> {
  /** The table of DynamoDB that the import is to make. */
  readonly to: string;
  /** `s3://bucket/prefix`, where nothing lies yet. */
  readonly toS3: string;
}

export interface VerifyRestoredOptions extends Pick<RestoreOptions, "to" | "asOf" | "namedMax"> {}

export interface CompactOptions {
  /** Rewrite every part of the base that has deltas or lacks a new column, not only those whose deltas have grown. */
  readonly all?: boolean;
  /** Leave changes of these last seconds in the change log. Default: 0. */
  readonly settleSeconds?: number;
}

export interface StatusOptions {
  /** The health of a table that no run has followed for so long is `unfollowed`. Default: no table's is. */
  readonly followedWithinSeconds?: number;
}

export interface VacuumOptions {
  /** Keep manifests, and with them `asOf`, for this long. Default: 168. */
  readonly retentionHours?: number;
  /** Leave younger files and manifests alone, since they may belong to work that still runs. Default: 24. */
  readonly graceHours?: number;
  /** Nothing is removed: the report says what would be. */
  readonly dryRun?: boolean;
}
