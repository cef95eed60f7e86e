/** What happens during long work, reported by callback. */
import type { DynalakeError } from "../core/error.ts";
import type { Gap, SnapshotReport } from "./reports.ts";

/** What happened, to which lake table. Only `progress` may be left unread without missing anything. */
export type LakeEvent =
  | OpenedEvent
  | DeliveredEvent
  | QuarantinedEvent
  | GapEvent
  | NotFollowedEvent
  | ColumnsAddedEvent
  | TypesWidenedEvent
  | SchemaEditedEvent
  | CompactedEvent
  | CompactionFailedEvent
  | SnapshotBegunEvent
  | SnapshotTakenEvent
  | SnapshotFailedEvent
  | ProgressEvent;

/** `follow` reads the table's stream: `resumed` from where it was left, or from its beginning. */
export interface OpenedEvent {
  readonly kind: "opened";
  readonly table: string;
  readonly resumed: boolean;
}

/** Changes are durable in the change log, and a query shows them. */
export interface DeliveredEvent {
  readonly kind: "delivered";
  readonly table: string;
  readonly changes: number;
  /** Whether the reader has seen the end of the stream. */
  readonly caughtUp: boolean;
}

/** Records that could not be delivered were put aside, with their reasons. `replay` takes them back. */
export interface QuarantinedEvent {
  readonly kind: "quarantined";
  readonly table: string;
  readonly records: number;
  readonly reasons: readonly string[];
}

/** Changes were lost; a new snapshot repairs it. */
export interface GapEvent {
  readonly kind: "gap";
  readonly table: string;
  readonly gap: Gap;
}

/** The table's source cannot be read, while that of another table can. It is tried again every minute. */
export interface NotFollowedEvent {
  readonly kind: "not-followed";
  readonly table: string;
  readonly error: DynalakeError;
}

/** A given schema, or values that appeared, have added columns; earlier values come from `_unmapped`. */
export interface ColumnsAddedEvent {
  readonly kind: "columns-added";
  readonly table: string;
  readonly columns: readonly string[];
}

/** Values appeared that columns could not hold: these have wider types from now on. Values of before are the same. */
export interface TypesWidenedEvent {
  readonly kind: "types-widened";
  readonly table: string;
  /** Their names in SQL, and the types as a schema file writes them. */
  readonly columns: readonly { readonly name: string; readonly from: string; readonly to: string }[];
}

/** A compaction found `schema.json` edited, broken or missing: it made the edit the table's schema, or says why it did not. */
export interface SchemaEditedEvent {
  readonly kind: "schema-edited";
  readonly table: string;
  readonly applied: boolean;
  /** A sentence for people. */
  readonly text: string;
}

/** A compaction has committed. minor: the change log was folded. major: parts of the base were rewritten. */
export interface CompactedEvent {
  readonly kind: "compacted";
  readonly table: string;
  readonly compaction: "minor" | "major";
  readonly rows: number;
  readonly segments: number;
  /** The number of the commit. */
  readonly manifest: number;
}

/** A compaction of `follow` failed, with CONFLICT if another commit came first. It is tried again by its schedule. */
export interface CompactionFailedEvent {
  readonly kind: "compaction-failed";
  readonly table: string;
  readonly error: DynalakeError;
}

/** `follow` takes the first snapshot of a table. `table` is the source's name: the lake has no name for it yet. */
export interface SnapshotBegunEvent {
  readonly kind: "snapshot-begun";
  readonly table: string;
}

/** A snapshot of a table that is due by `snapshotEverySeconds` failed. It is tried again after a minute, and then after waits that double up to an hour. */
export interface SnapshotFailedEvent {
  readonly kind: "snapshot-failed";
  readonly table: string;
  readonly error: DynalakeError;
}

/** `follow` has taken the first snapshot of a table, or another one. */
export interface SnapshotTakenEvent {
  readonly kind: "snapshot-taken";
  readonly table: string;
  readonly report: SnapshotReport;
}

/** How far long work has come. */
export interface ProgressEvent {
  readonly kind: "progress";
  /** The lake table; while a source is scanned, the source. */
  readonly table: string;
  /**
   * scanning: items of the source read, of which the total is not known. reading: items of the export staged. writing: rows
   * sorted and compressed. source, lake: items read by `verify`. settling: keys that `verify` has asked again. replaying:
   * records of a recording. pinning: items of the lake written down by `restore`. restoring: items put. comparing: items of the
   * table read back. uploading: files of `restoreToS3`.
   */
  readonly step:
    | "scanning"
    | "reading"
    | "writing"
    | "source"
    | "lake"
    | "settling"
    | "replaying"
    | "pinning"
    | "restoring"
    | "comparing"
    | "uploading";
  readonly done: number;
  readonly total?: number;
  /** scanning: the parts of the table, and how many are read. */
  readonly parts?: { readonly done: number; readonly total: number };
  /** replaying: the recording's name. */
  readonly recording?: string;
}
