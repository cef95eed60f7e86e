/**
 * The overlay's SQL: the one rule of docs/correctness.md, as expressions over the change log, the deltas and the base. Times
 * are seconds since the epoch, as the change log has them.
 */

import { type Dialect, integer, quoted } from "../ports/dialect.ts";
import type { Schema } from "../schema/schema.ts";
import { nameList, segmentColumns, typedSelectList } from "./columns.ts";

/** The newest change first. One item never has two changes of one sequence number in a stream; recordings do. */
export const NEWEST_FIRST = "_version DESC, _changed_at DESC, _op DESC";

/** Columns and rows of inner statements. No attribute's column can have their names, which have a space. */
const RANK = quoted("version rank");
const LATEST = quoted("latest change");
const BASE_ROW = quoted("base row");
const HIDDEN_ROW = quoted("hidden row");

export interface Window {
  /** A relation with the change log's columns. */
  readonly changes: string;
  /** Keys stand in the window that have a change at or after this second, */
  readonly sinceSeconds: number;
  /** and before this one. */
  readonly untilSeconds?: number;
  readonly skewSeconds: number;
  /** Columns whose values may lie in `_unmapped` alone. */
  readonly recoverable: ReadonlySet<string>;
}

/**
 * The newest change of each key in the window, among those back to the skew allowance before it, as segment rows: a newer
 * change of a key may carry an earlier time, by no more than that.
 */
export function windowRows(dialect: Dialect, schema: Schema, window: Window): string {
  const until = window.untilSeconds === undefined ? "" : ` AND _changed_at < ${integer(window.untilSeconds)}`;
  const from = integer(window.sinceSeconds - window.skewSeconds);
  const columns = segmentColumns(dialect, schema, window.recoverable);
  return `SELECT ${typedSelectList(columns)} FROM (
SELECT *, row_number() OVER (PARTITION BY _key ORDER BY ${NEWEST_FIRST}) AS ${RANK}, max(_changed_at) OVER (PARTITION BY _key) AS ${LATEST}
FROM ${window.changes} WHERE _changed_at >= ${from}${until}
) WHERE ${RANK} = 1 AND ${LATEST} >= ${integer(window.sinceSeconds)}`;
}

/** The newest row of each key among several relations of segment rows. */
export function newestRows(dialect: Dialect, schema: Schema, relations: readonly string[]): string {
  const columns = nameList(segmentColumns(dialect, schema));
  const all = relations.map((relation) => `SELECT ${columns} FROM ${relation}`).join("\nUNION ALL\n");
  return `SELECT ${columns} FROM (
SELECT *, row_number() OVER (PARTITION BY _key ORDER BY ${NEWEST_FIRST}) AS ${RANK} FROM (
${all}
)) WHERE ${RANK} = 1`;
}

/** The base without the keys of the overlay, and the overlay without its removals: the rows of `<table>`. */
export function mergedRows(select: string, base: string, overlay: string): string {
  return `SELECT ${select} FROM ${base} AS ${BASE_ROW} WHERE NOT EXISTS (SELECT 1 FROM ${overlay} AS ${HIDDEN_ROW} WHERE ${HIDDEN_ROW}._key = ${BASE_ROW}._key)
UNION ALL
SELECT ${select} FROM ${overlay} WHERE _op <> 'REMOVE'`;
}
