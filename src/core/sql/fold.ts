/**
 * The statements of a major compaction. It takes keys of the deltas into parts of the base, and leaves all other keys in one
 * delta. A key is taken whole or not at all: the part that holds it gives it up and the part of its new row gets it in the same
 * commit, so that it lies in the base once. docs/correctness.md proves it.
 */
import { type Dialect, quoted } from "../ports/dialect.ts";
import type { Schema } from "../schema/schema.ts";
import { newestRows } from "./overlay.ts";
import { nameList, segmentColumns } from "./typed-columns.ts";

/** Which keys of the deltas are taken: as relations with a segment's columns, and conditions on them. */
export interface TakenKeys {
  /** All deltas. */
  readonly deltas: string;
  /**
   * The condition on the newest row of a key that the parts which are rewritten can take it: the row belongs to one of them, or is
   * a removal, which belongs to none. Absent if every row is.
   */
  readonly where?: string | undefined;
  /** The base of all other parts, where keys can move: what they hold stays in the delta. */
  readonly others?: string | undefined;
  /** The base of the parts that are rewritten, if some of its rows are newer than the deltas' rows of their keys. */
  readonly newer?: string | undefined;
}

/** Relations of the statements. No table of a lake can have their names, which have a space. */
const TAKEN = quoted("taken rows");
const OVERTAKEN = quoted("overtaken keys");
/** A column of an inner statement. */
const SIDE = quoted("lies in");
const RANK = quoted("version rank");

/** The new base of parts. `base` is their old one, and `belongs` the condition that a taken row belongs to them. */
export function foldedBaseRows(
  dialect: Dialect,
  schema: Schema,
  taken: TakenKeys,
  { base, belongs }: { readonly base: string; readonly belongs: string | undefined },
): string {
  const columns = nameList(segmentColumns(dialect, schema));
  // breakage: newer-base-rows-stay
  const isNewest = taken.newer === undefined ? "" : ` AND _key NOT IN (SELECT _key FROM ${OVERTAKEN})`;
  const isHere = belongs === undefined ? "" : ` AND ${belongs}`;
  // breakage: removals-not-in-base
  return `WITH ${named(dialect, schema, taken)}
SELECT ${columns} FROM ${base} WHERE _key NOT IN (SELECT _key FROM ${TAKEN} WHERE _key IS NOT NULL${isNewest})
UNION ALL
SELECT ${columns} FROM ${TAKEN} WHERE _op <> 'REMOVE'${isHere}${isNewest}`;
}

/** The delta of the keys that are not taken; without `taken` those of all deltas. */
export function remainingDeltaRows(
  dialect: Dialect,
  schema: Schema,
  deltas: string,
  taken: TakenKeys | undefined,
): string {
  const newest = newestRows(dialect, schema, [deltas]);
  // breakage: tombstones-stay-until-taken
  if (taken === undefined) return newest;
  return `WITH ${named(dialect, schema, { ...taken, newer: undefined })}
SELECT ${nameList(segmentColumns(dialect, schema))} FROM (${newest}) WHERE _key NOT IN (SELECT _key FROM ${TAKEN} WHERE _key IS NOT NULL)`;
}

/** How many keys have a row in the base that is newer than that of the deltas: one row, one column `keys`. */
export function overtakenKeys(deltas: string, base: string): string {
  return `SELECT count(*) AS keys FROM (${keysNewerInBase(deltas, base)})`;
}

function named(dialect: Dialect, schema: Schema, { deltas, where, others, newer }: TakenKeys): string {
  const conditions = [
    ...(where === undefined ? [] : [where]),
    // breakage: keys-held-elsewhere-stay
    ...(others === undefined
      ? []
      : [`_key NOT IN (SELECT _key FROM ${others} WHERE _key IN (SELECT _key FROM ${deltas}))`]),
  ];
  const filter = conditions.length === 0 ? "" : ` WHERE ${conditions.join(" AND ")}`;
  const taken = `${TAKEN} AS (SELECT * FROM (${newestRows(dialect, schema, [deltas])})${filter})`;
  return newer === undefined ? taken : `${taken}, ${OVERTAKEN} AS (${keysNewerInBase(TAKEN, newer)})`;
}

/** Keys whose row in the base is newer. It reads no other columns of the base than those that tell. */
function keysNewerInBase(deltas: string, base: string): string {
  const rows = (relation: string, side: string): string =>
    `SELECT _key, _version, _changed_at, _op, '${side}' AS ${SIDE} FROM ${relation}`;
  return `SELECT _key FROM (
SELECT _key, ${SIDE}, row_number() OVER (PARTITION BY _key ORDER BY _version DESC, _changed_at DESC, _op DESC, ${SIDE} DESC) AS ${RANK} FROM (
${rows(deltas, "delta")}
UNION ALL
${rows(base, "base")} WHERE _key IN (SELECT _key FROM ${deltas})
)) WHERE ${RANK} = 1 AND ${SIDE} = 'base'`;
}
