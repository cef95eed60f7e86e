/** What the console's server answers, as JSON: the page reads exactly this. Times are seconds since the epoch. */
import type { Drift, Gap, Health } from "../library/reports.ts";

/** The console's lake, and the option that names it to a command. */
export interface ConsolePlace {
  readonly kind: "folder" | "stack";
  readonly name: string;
  /** "--lake lake", quoted for a shell. */
  readonly option: string;
}

/** What somebody should look at, and what to do about it. */
export interface LakeFinding {
  /** What it is about, among the findings of its table. It stays while counts and texts change. */
  readonly id: string;
  readonly table: string;
  readonly severity: "bad" | "warn" | "note";
  readonly title: string;
  readonly detail: string;
  readonly sinceSeconds?: number;
  /** For a terminal. */
  readonly command?: string;
}

/** The run that follows the lake, or did so last. */
export interface RunSummary {
  readonly state: "running" | "ended" | "lost";
  readonly process: number;
  readonly host: string;
  readonly startedAtSeconds: number;
  readonly seenAtSeconds: number;
}

export interface TableSummary {
  readonly name: string;
  readonly source: string;
  readonly health: Health;
  readonly rows: number;
  /** False: about as many as the base has. */
  readonly areRowsCounted: boolean;
  /** The names of the key's columns in SQL. */
  readonly key: readonly string[];
  readonly behindSeconds: number | undefined;
  readonly following: RunSummary["state"] | undefined;
  /** The newest delivered change, and how long after its write it was delivered. */
  readonly newest: { readonly changedAtSeconds: number; readonly afterSeconds: number } | undefined;
  readonly waitingRecords: number | "unknown";
  readonly segments: number;
  readonly bytes: number;
  readonly quarantinedRecords: number;
  /** The last 24 hours; undefined where no run has kept them. */
  readonly series: DaySeries | undefined;
}

/** What a run has counted. A missing value is a time in which nothing was counted. */
export interface DaySeries {
  /** Ten minutes each: the slowest delivery, in seconds after the write. */
  readonly lag: {
    readonly fromSeconds: number;
    readonly stepSeconds: number;
    readonly worst: readonly (number | null)[];
  };
  /** An hour each. */
  readonly changes: {
    readonly fromSeconds: number;
    readonly stepSeconds: number;
    readonly insert: readonly number[];
    readonly modify: readonly number[];
    readonly remove: readonly number[];
    readonly expired: readonly number[];
    /** Of a deployment, which does not tell the kinds apart; undefined where they are. */
    readonly ofAnyKind: readonly number[] | undefined;
  };
}

export interface LakeOverview {
  readonly place: ConsolePlace;
  readonly nowSeconds: number;
  readonly run: RunSummary | undefined;
  readonly tables: readonly TableSummary[];
  /** The worst first. */
  readonly findings: readonly LakeFinding[];
}

export interface ColumnDetails {
  readonly name: string;
  readonly attribute: string;
  readonly type: string;
  readonly key: "hash" | "range" | undefined;
  readonly masked: boolean;
}

/** Segments of one kind that came and went with the same commits. */
export interface Layer {
  readonly kind: "base" | "delta";
  readonly segments: number;
  readonly rows: number;
  readonly bytes: number;
  /** The commit that brought them. */
  readonly commit: number;
  readonly fromSeconds: number;
  /** When a commit replaced them; undefined for live ones. */
  readonly untilSeconds: number | undefined;
}

export interface CommitSummary {
  readonly number: number;
  readonly kind: "snapshot" | "minor" | "major" | "schema" | "initial";
  readonly atSeconds: number;
  readonly rows: number;
  readonly segments: number;
  readonly bytes: number;
}

export interface KeptSnapshot {
  readonly exportTimeSeconds: number;
  readonly items: number;
  readonly bytes: number;
}

export interface TableDetails {
  readonly name: string;
  readonly source: string;
  readonly columns: readonly ColumnDetails[];
  readonly where: string | undefined;
  readonly partitionBy: string | undefined;
  readonly evolve: string;
  readonly drift: readonly Drift[];
  readonly openGaps: readonly Gap[];
  readonly repairedGaps: readonly Gap[];
  readonly asOfFromSeconds: number | undefined;
  readonly horizonSeconds: number;
  /** Newest first, at most 50. */
  readonly commits: readonly CommitSummary[];
  /** Of the last 24 hours, oldest first. */
  readonly layers: readonly Layer[];
  readonly log: { readonly objects: number; readonly bytes: number };
  /** Newest first. */
  readonly snapshots: readonly KeptSnapshot[];
}

/** Columns that a statement can name, for completion. */
export interface Relation {
  readonly name: string;
  readonly columns: readonly { readonly name: string; readonly type: string }[];
}

export interface QuarantineGroup {
  readonly table: string;
  readonly reason: string;
  readonly meaning: string;
  readonly records: number;
  readonly firstSeconds: number;
  readonly lastSeconds: number;
  readonly command: string;
}

/** A record without its values: they may be secrets, and a masked column's are. */
export interface QuarantinedShape {
  readonly table: string;
  readonly reason: string;
  readonly detail: string;
  readonly source: string;
  readonly arrivedAtSeconds: number;
  readonly file: string;
  readonly line: number;
  readonly bytes: number;
  readonly operation: string | undefined;
  /** Its JSON with every value hidden; undefined for what is not JSON. */
  readonly shape: string | undefined;
}

export interface QuarantineReport {
  readonly groups: readonly QuarantineGroup[];
  /** Of each group at most as many as were asked for, newest first. */
  readonly records: readonly QuarantinedShape[];
  /** Files that were not read, and whose records are in no group: they are the oldest. */
  readonly unreadFiles: number;
}

/** A value as the page shows it: text with every digit, or nested values. */
export type ShownValue =
  | null
  | boolean
  | string
  | number
  | readonly ShownValue[]
  | { readonly [name: string]: ShownValue };

export interface ItemVersion {
  readonly operation: string;
  readonly atSeconds: number;
  readonly expired: boolean;
  readonly values: { readonly [column: string]: ShownValue };
  /** Values that no column shows, by their column or their attribute. */
  readonly hidden: { readonly [name: string]: ShownValue };
}

export interface ItemHistory {
  readonly table: string;
  /** Oldest first. */
  readonly versions: readonly ItemVersion[];
  /** Whether older ones were left out. */
  readonly cut: boolean;
  /** Whether the table has the item now. */
  readonly isPresent: boolean;
}

/** What a statement may cost at most, by what its tables hold. */
export interface StatementPrice {
  readonly bytesAtMost: number;
  /** US dollars, by the price in us-east-1. */
  readonly dollarsAtMost: number;
}

/**
 * A line of a statement's answer: the columns once, rows in batches, then the end or an error. A price alone: the statement did not
 * run, and does when it is sent with that agreement.
 */
export type StatementLine =
  | { readonly price: StatementPrice }
  | { readonly columns: readonly { readonly name: string; readonly type: string }[] }
  | { readonly rows: readonly (readonly ShownValue[])[] }
  | { readonly end: StatementEnd }
  | { readonly error: ApiError };

export interface StatementEnd {
  readonly rows: number;
  /** Whether rows were left out. */
  readonly isCut: boolean;
  readonly milliseconds: number;
  /** What a deployment's statement was billed for. */
  readonly scannedBytes?: number;
}

export interface ApiError {
  readonly code: string;
  readonly message: string;
  readonly next?: string;
}

export interface PastStatement {
  readonly sql: string;
  readonly atSeconds: number;
  readonly rows: number | undefined;
  readonly milliseconds: number;
}
