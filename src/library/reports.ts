/** What operations return: plain data. Times in it are seconds since the epoch. */
import type { OtherSource } from "../core/delivery/other-sources.ts";
import type { Drift as CountedDrift } from "../core/overlay/drift-finding.ts";
import type { StatusFacts } from "../core/status/status-facts.ts";
import type { Item } from "../core/values/attribute-value.ts";
import type { TableSchema } from "./schema.ts";

export type { OtherSource } from "../core/delivery/other-sources.ts";
export type { Health } from "../core/status/status-facts.ts";

/** What `infer` found in the items. */
export interface Inference {
  /** The content of a schema file. */
  readonly schema: TableSchema;
  /** How many items were read. */
  readonly items: number;
  /** What a person should look at. */
  readonly undecided: readonly { readonly attribute: string; readonly why: string }[];
  /** What is true of the items as a whole, a sentence each. */
  readonly notes: readonly string[];
}

/** A schema for each kind of items that an attribute tells apart. Each item belongs to exactly one of them. */
export interface SplitInference {
  /** The most frequent kinds first, at most 50; the last one has the items that no other has. */
  readonly tables: readonly Inference[];
  /** What is true of the split as a whole, a sentence each. */
  readonly notes: readonly string[];
}

/** An attribute whose values SQL does not show, or not whole. */
export interface Drift extends CountedDrift {
  /** For people. */
  readonly sentence: string;
  /**
   * What brings the values into SQL as a member of the schema file's `attributes`: a new one, or one in place of the column's. Undefined if
   * nothing does.
   */
  readonly line: string | undefined;
}

/** What a schema file changes of a table. All lists are empty where nothing changes. */
export interface SchemaChangeReport {
  readonly table: string;
  /** New columns, by their names in SQL. */
  readonly added: readonly { readonly name: string; readonly type: string }[];
  readonly widened: readonly { readonly name: string; readonly from: string; readonly to: string }[];
  /** Columns that get another kind of type. */
  readonly retyped: readonly RetypedColumn[];
  readonly renamed: readonly { readonly from: string; readonly to: string }[];
  /** Columns that views show no more, */
  readonly hidden: readonly string[];
  /** and those that they show again. */
  readonly shown: readonly string[];
  /** What follows the data by itself; undefined where that stays. */
  readonly evolve: EvolveChange | undefined;
}

export interface EvolveChange {
  readonly from: NonNullable<TableSchema["evolve"]>;
  readonly to: NonNullable<TableSchema["evolve"]>;
}

export interface RetypedColumn {
  readonly name: string;
  readonly from: string;
  readonly to: string;
  /** The column that shows the values which are not of that type, as text; undefined if there are none, as for json. */
  readonly text: string | undefined;
  /** What is not in it then of the values that the table has now, if anything. */
  readonly drift: Drift | undefined;
}

export interface SnapshotReport {
  /** The lake table. */
  readonly table: string;
  readonly source: string;
  /** Items that became rows. */
  readonly items: number;
  /** Items that do not meet the schema's `where`. */
  readonly skipped: number;
  /** Lines of the export without a readable item; they are in quarantine. */
  readonly quarantined: number;
  /** The number of the commit. */
  readonly manifest: number;
  /** Whether the moment of its items is known. Otherwise a follower reports a gap until the next dated snapshot. */
  readonly dated: boolean;
  /** Where the schema came from. An inferred one is now in `<lake>/<table>/schema.json`. */
  readonly schemaOrigin: "given" | "lake" | "inferred";
  /** What the inference could not decide, a sentence each. */
  readonly undecided: readonly string[];
  /** What else people should know of the schema, a sentence each: that schema.json was edited. */
  readonly notes: readonly string[];
  /** The attributes whose values SQL does not show, or not whole. */
  readonly drift: readonly Drift[];
  /** Columns that a given schema has added to a table that held data. */
  readonly addedColumns: readonly string[];
  /** Gaps that this snapshot is too early to repair. */
  readonly openGaps: readonly Gap[];
}

/** What `follow` did until it ended. */
export interface FollowReport {
  /** Changes that were delivered. */
  readonly changes: number;
  /** Records that were put into quarantine. */
  readonly quarantined: number;
  /** Gaps that were found. */
  readonly gaps: number;
  /** Tables whose source could not be read when it was last tried. */
  readonly notFollowed: readonly string[];
  /** Whether every stream was read to its end, which only `once` does. */
  readonly reachedEnd: boolean;
}

/** What became of recorded events. */
export interface ReplayReport {
  readonly table: string;
  /** Changes that were delivered. */
  readonly rows: number;
  /** Records that are in quarantine. */
  readonly quarantined: number;
  /** Records of items that belong to other tables. */
  readonly skipped: number;
  /** Of `rows`: changes older than the table's snapshot. They are in the history, and change nothing that SQL shows of now. */
  readonly olderThanSnapshot: number;
  /** Of `rows`: changes of items of which a newer one is still in quarantine; only with `partial`. */
  readonly olderThanHeld: number;
  /** Records that name another source table, and were left alone. */
  readonly otherSources: readonly OtherSource[];
}

/** What a compaction did: nothing, one or two commits. */
export interface Compaction {
  readonly table: string;
  readonly runs: readonly CompactionRun[];
}

export interface CompactionRun {
  /** minor: the change log was folded into a delta. major: parts of the base were rewritten. */
  readonly kind: "minor" | "major";
  /** The name of the run, which is part of its files' paths. */
  readonly run: string;
  readonly rows: number;
  readonly segments: number;
  /** The number of the commit. */
  readonly manifest: number;
}

/** What a vacuum removed. */
export interface Vacuumed {
  readonly table: string;
  readonly manifests: number;
  readonly files: number;
  readonly bytes: number;
}

/** Plain data: times are seconds since the epoch. */
export interface TableStatus extends StatusFacts {
  /** The attributes whose values SQL does not show, or not whole: counted now, or by what a deployment's compactions found; undefined where these do not look. */
  readonly drift: readonly Drift[] | undefined;
  /** Limits that keep the schema from following its data, a sentence each. */
  readonly limits: readonly string[];
  /** What became of an edit of schema.json, or of the schema of a deployment; undefined if it says what the table has. */
  readonly schemaFile:
    | { readonly state: "pending" | "refused" | "earlier" | "broken" | "missing"; readonly detail: string }
    | undefined;
  readonly openGaps: readonly Gap[];
  readonly repairedGaps: readonly Gap[];
}

/**
 * missing: the lake lacks the item. extra: the source does. different: their attributes differ. repeated: the lake has it
 * several times. unreadable: a row of the lake is not an item.
 */
export type DifferenceKind = "missing" | "extra" | "different" | "repeated" | "unreadable";

/**
 * waiting: the lake will show it once the stream is delivered. changing: it was different at each look. unknown: the stream
 * could not be read to its end in time. newer: it changed after the export.
 */
export type UnsettledKind = "waiting" | "changing" | "unknown" | "newer";

export interface Finding<Kind extends string> {
  readonly kind: Kind;
  /** The key's attributes as DynamoDB JSON; undefined if neither side has them. */
  readonly key: Item | undefined;
  /** The value of `_key`: 32 hexadecimal digits. */
  readonly keyHash: string;
}

export interface Difference extends Finding<DifferenceKind> {
  /** The attributes that differ, if both sides have the item. */
  readonly attributes: readonly string[];
  /** Why a record of the key is in quarantine. */
  readonly quarantined?: string;
}

export interface Verification {
  readonly table: string;
  readonly source: string;
  /** identical: the lake has every item of the source and no other. unsettled: no difference is certain, but not all is proved. */
  readonly result: "identical" | "different" | "unsettled";
  /** Items of the source that belong to the table. */
  readonly sourceItems: number;
  /** Items of the source that do not meet the schema's `where`. */
  readonly skipped: number;
  readonly lakeItems: number;
  /** Ranges of keys that were compared. */
  readonly ranges: { readonly used: number; readonly differing: number };
  /** Keys that were asked again, because the two readings differed. */
  readonly candidates: number;
  /** All findings, named or not. */
  readonly counts: Readonly<Record<DifferenceKind | UnsettledKind, number>>;
  readonly differences: readonly Difference[];
  readonly unsettled: readonly Finding<UnsettledKind>[];
  /** Attributes that could not be compared, because they are masked. */
  readonly hidden: readonly string[];
  /** Files in quarantine. */
  readonly quarantine: number;
  /** What a deployment has put aside; nothing in a folder. */
  readonly undelivered: Undelivered;
  readonly openGaps: readonly Gap[];
}

/** Counts of what a deployment has put aside. */
export interface Undelivered {
  /** Batches of the stream that failed permanently. */
  readonly failedBatches: number;
  /** Files with rows that Firehose could not convert. */
  readonly unconverted: number;
  /** Files with changes that the table could not take; a deployment delivers them by itself. */
  readonly waiting: number;
}

/** Changes that were lost before they were delivered. A new snapshot repairs it. */
export interface Gap {
  /** docs/operations.md says what each reason means. */
  readonly reason:
    | "trimmed"
    | "shard-expired"
    | "stream-recreated"
    | "stream-off"
    | "started-late"
    | "columns-missing"
    | "rows-missing"
    | "dropped";
  /** What was found, for people. Names streams and shards, never items. */
  readonly detail: string;
  readonly foundAtSeconds: number;
  /** No lost change is newer than this. */
  readonly lostUntilSeconds: number;
  /** A snapshot taken at this time or later repairs the gap. */
  readonly snapshotAfterSeconds: number;
}
