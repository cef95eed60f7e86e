/**
 * The rule of src/core/overlay/overlay-rule.ts as SQL, for all keys at once, over the change log, the deltas and the base. Times
 * are seconds since the epoch, as the change log has them.
 */

import { type Dialect, integer, quoted } from "../ports/dialect.ts";
import type { Schema } from "../schema/schema.ts";
import { nameList, segmentColumns, typedSelectList } from "./columns.ts";

/** Of one change that was delivered under two schemas, always the same row: the one without values that lack a column. */
export const SAME_ROW = "_unmapped NULLS FIRST";
/** `isNewer`: the newest change first. */
const NEWEST_FIRST = `_version DESC, _changed_at DESC, _op DESC, ${SAME_ROW}`; // breakage: sequence-before-time

/** Columns and rows of inner statements. No attribute's column can have their names, which have a space. */
const RANK = quoted("version rank");
const LATEST = quoted("latest change");
const BASE_ROW = quoted("base row");
const HIDDEN_ROW = quoted("hidden row");

/** A window of the rule over a part of the change log. */
interface WindowRows {
  /** A relation with the change log's columns. */
  readonly changes: string;
  readonly sinceSeconds: number;
  readonly untilSeconds?: number;
  readonly skewSeconds: number;
  /** Columns whose values may lie in `_unmapped` alone. */
  readonly recoverable: ReadonlySet<string>;
}

/** `changeInWindow` of each key that stands in the window, as segment rows. */
export function windowRows(dialect: Dialect, schema: Schema, window: WindowRows): string {
  const until = window.untilSeconds === undefined ? "" : ` AND _changed_at < ${integer(window.untilSeconds)}`;
  const from = integer(window.sinceSeconds - window.skewSeconds); // breakage: window-includes-skew
  const columns = segmentColumns(dialect, schema, window.recoverable);
  return `SELECT ${typedSelectList(columns)} FROM (
SELECT *, row_number() OVER (PARTITION BY _key ORDER BY ${NEWEST_FIRST}) AS ${RANK}, max(_changed_at) OVER (PARTITION BY _key) AS ${LATEST}
FROM ${window.changes} WHERE _changed_at >= ${from}${until}
) WHERE ${RANK} = 1 AND ${LATEST} >= ${integer(window.sinceSeconds)}`; // breakage: window-needs-change
}

/** The newest row of each key, by `isNewer`, among several relations of segment rows. */
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
  // breakage: removals-hide-base-rows
  return `SELECT ${select} FROM ${base} AS ${BASE_ROW} WHERE NOT EXISTS (SELECT 1 FROM ${overlay} AS ${HIDDEN_ROW} WHERE ${HIDDEN_ROW}._key = ${BASE_ROW}._key)
UNION ALL
SELECT ${select} FROM ${overlay} WHERE _op <> 'REMOVE'`; // breakage: removals-not-shown
}
