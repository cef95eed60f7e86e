/**
 * The engine that reads and writes the lake's Parquet files. It runs statements that the core generates for its dialect, and
 * those of users.
 */
import type { ChangeObject, Hour } from "../format/lake-path.ts";
import type { Segment } from "../format/manifest.ts";
import type { Schema } from "../schema/schema.ts";
import type { Dialect } from "./dialect.ts";

export interface QueryEngine {
  readonly dialect: Dialect;

  /** A relation, for use after FROM, with the wire columns of the change log. A column that an object lacks is null. */
  changes(schema: Schema, selection: ChangeSelection): string;

  /** The whole change log: its wire columns and its partition columns `dt` and `hr`. `objects` lists all of it. */
  changeLog(schema: Schema, objects: readonly ChangeObject[]): string;

  /** A relation with the columns of segments. A column that a segment lacks is null. Without segments it has no rows. */
  segments(schema: Schema, segments: readonly Segment[]): string;

  /**
   * A relation with the columns of segments and `ddb_export_timestamp`, the time of each snapshot's export. Files of these snapshots
   * have the same columns; a column that they lack is null. Statements that compare that time with literals open only the files of
   * snapshots which meet it.
   */
  snapshots(schema: Schema, snapshots: readonly DatedSegments[]): string;

  /** About how many keys one statement can compare with each other. */
  readonly keysAtOnceMax: number;

  /** How many parts one statement writes at most: the rows of a stage that has more are read several times. */
  readonly partsAtOnceMax: number;

  /** About how many rows it should write as one file, where it sorts them in memory. */
  readonly rowsPerFileMax: number;

  /** The rows of a statement, as plain values. Fails with SQL_FAILED, ENGINE_FAILED or DISK_FULL. */
  rows(sql: string): Promise<readonly Readonly<Record<string, unknown>>[]>;

  /**
   * Writes rows as one new segment for each part: durable, and invisible until a manifest lists it. A part without rows gets
   * no segment. After a failure, what was written is in the folders of `run` and nowhere else.
   */
  stage(request: StageRequest): Promise<readonly Segment[]>;
}

/** A kept snapshot. */
export interface DatedSegments {
  readonly run: string;
  readonly exportTimeSeconds: number;
  readonly segments: readonly Segment[];
}

export interface ChangeSelection {
  readonly objects: readonly ChangeObject[];
  /** The objects are in partitions from this hour on, */
  readonly sinceHour: Hour;
  /** and before this one. */
  readonly beforeHour?: Hour;
  /**
   * Only keys with a change at or after this second are asked for: all of their rows are there, and those of others may be
   * missing. Default: all keys.
   */
  readonly standingSinceSeconds?: number;
}

/** Rows to write, as plain data: a plan can be stored until an engine stages it. */
export interface Stage {
  readonly run: string;
  readonly kind: Segment["kind"];
  /** A SELECT of a segment's columns. */
  readonly rows: string;
  /** The same rows in several statements: an engine that sorts in memory may write each of them as a file of its own. */
  readonly pieces?: readonly string[];
  /** The columns by which rows are sorted, if the engine can sort them. */
  readonly sortBy: readonly string[];
  /** Columns of `rows` that have one value in all of them: an engine may fill them in after it has sorted the others. */
  readonly constants?: readonly ConstantColumn[];
  readonly cut: Cut;
}

export interface ConstantColumn {
  readonly name: string;
  /** An expression that names no column. */
  readonly value: string;
}

/** How rows are divided into parts. */
export interface Cut {
  /** The parts to write, each with the condition on columns that selects its rows. */
  readonly parts: readonly { readonly part: string; readonly where?: string | undefined }[];
  /** The expression for the part of a row; absent for a single part, which takes all rows. */
  readonly partOf?: string | undefined;
}

export interface StageRequest extends Stage {
  readonly schema: Schema;
}
