/**
 * The engine that reads and writes the lake's Parquet. It runs statements that the core generated for its dialect, and the
 * users' own.
 */
import type { ChangeObject, Hour } from "../format/lake-path.ts";
import type { Segment } from "../format/manifest.ts";
import type { Schema } from "../schema/schema.ts";
import type { Dialect } from "./dialect.ts";

export interface QueryEngine {
  readonly dialect: Dialect;

  /** A relation (to stand behind FROM) with the change log's wire columns; a column that an object lacks is null. */
  changes(schema: Schema, selection: ChangeSelection): string;

  /** The change log as a whole: its wire columns and its partition columns `dt` and `hr`. `objects` are all of it. */
  changeLog(schema: Schema, objects: readonly ChangeObject[]): string;

  /** A relation with the columns of segments; a column that a segment lacks is null. No segments give no rows. */
  segments(schema: Schema, segments: readonly Segment[]): string;

  /** About so many keys can be compared with each other in one statement. */
  readonly keysAtOnceMax: number;

  /** All rows of a statement, as plain values. Fails with SQL_FAILED, ENGINE_FAILED or DISK_FULL. */
  rows(sql: string): Promise<readonly Readonly<Record<string, unknown>>[]>;

  /**
   * Writes rows as one new segment for each part: durable, and visible to nobody before a manifest names it. A
   * part without rows gives no segment. When it fails, what was written lies in the folders of `run` and nowhere else.
   */
  stage(request: StageRequest): Promise<readonly Segment[]>;
}

export interface ChangeSelection {
  /** The objects to read, */
  readonly objects: readonly ChangeObject[];
  /** all of which lie in partitions from this hour on, */
  readonly sinceHour: Hour;
  /** and before this one. */
  readonly beforeHour?: Hour;
}

/** Rows to write, as plain data: a plan can wait in the store until an engine stages it. */
export interface Stage {
  readonly run: string;
  readonly kind: Segment["kind"];
  /** A SELECT of a segment's columns. */
  readonly rows: string;
  /** Names of columns by which the rows are sorted, as far as the engine can. */
  readonly sortBy: readonly string[];
  readonly cut: Cut;
}

/** Into which parts rows are cut. */
export interface Cut {
  /** Each part that is written, with the condition on the rows' columns that chooses its rows. */
  readonly parts: readonly { readonly part: string; readonly where?: string | undefined }[];
  /** The expression of a row's part; a single part, which takes all rows, has none. */
  readonly partOf?: string | undefined;
}

export interface StageRequest extends Stage {
  readonly schema: Schema;
}
