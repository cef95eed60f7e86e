/**
 * The rule of src/core/overlay/overlay-rule.ts as SQL, for all keys at once, over the change log, the deltas and the base. Times
 * are seconds since the epoch, as the change log has them.
 */

import { type Dialect, integer, quoted } from "../ports/dialect.ts";
import type { Column, Schema } from "../schema/schema.ts";
import { valueList, wireForm } from "./column-value.ts";
import { nameList, segmentColumns } from "./typed-columns.ts";

/** Of one change that was delivered under two schemas, always the row that the wider schema made: it leaves less in `_unmapped`. */
export const SAME_ROW = "length(_unmapped) NULLS FIRST";
/** `isNewer`: the newest change first. */
const NEWEST_FIRST = `_version DESC, _changed_at DESC, _op DESC, ${SAME_ROW}`; // breakage: sequence-before-time

/** Columns and rows of inner statements. No attribute's column can have their names, which have a space. */
const RANK = quoted("version rank");
const LATEST = quoted("latest change");

/** Columns that tell keys apart, as a list. */
type Identity = string;
export const HASH_ALONE: Identity = "_key";

/**
 * The hash, and the key's own columns where they are the same in every row of a key. Engines look for a key only where they can
 * ask each row for it before they compare rows, and what rows are compared by is all that they ask for then. A column that was
 * declared later or widened is null in older rows, and a masked one depends on the mask key.
 */
export function keyIdentity({ key, columns }: Schema, recoverable: ReadonlySet<string>): Identity {
  const isKey = ({ attribute }: Column): boolean => attribute === key.hash || attribute === key.range;
  // breakage: widened-keys-are-one
  const same = columns.filter(
    (column) =>
      isKey(column) && !column.masked && column.earlier.length === 0 && !recoverable.has(column.name),
  );
  return [HASH_ALONE, ...same.map(({ name }) => quoted(name))].join(", ");
}

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
export function windowRows(
  dialect: Dialect,
  schema: Schema,
  window: WindowRows,
  identity: Identity = HASH_ALONE,
): string {
  return rowsOfWindows(dialect, schema, [window], identity);
}

/**
 * The same of several windows, which may have keys in common. Their rows are typed together: the list of the columns' values is the
 * longest part of a statement, whose length is limited.
 */
export function rowsOfWindows(
  dialect: Dialect,
  schema: Schema,
  windows: readonly WindowRows[],
  identity: Identity = HASH_ALONE,
): string {
  const recoverable = new Set(windows.flatMap((window) => [...window.recoverable]));
  const values = valueList(dialect, segmentColumns(dialect, schema), wireForm(recoverable));
  const [first = "", ...others] = windows.map((window) => changesInWindow(window, identity));
  if (others.length === 0) return `SELECT ${values} FROM ${first}`;
  const rows = [first, ...others].map((each) => `SELECT * FROM ${each}`).join("\nUNION ALL\n");
  return `SELECT ${values} FROM (
${rows}
)`;
}

/** The change log's row of each key that stands in the window: a relation and its condition. */
function changesInWindow(window: WindowRows, identity: Identity): string {
  const from = integer(window.sinceSeconds - window.skewSeconds); // breakage: window-includes-skew
  return `(
SELECT *, row_number() OVER (PARTITION BY ${identity} ORDER BY ${NEWEST_FIRST}) AS ${RANK}, max(_changed_at) OVER (PARTITION BY ${identity}) AS ${LATEST}
FROM ${window.changes} WHERE _changed_at >= ${from}${beforeUntil(window)}
) WHERE ${RANK} = 1 AND ${LATEST} >= ${integer(window.sinceSeconds)}`; // breakage: window-needs-change
}

/** The keys that stand in the window, some of them several times. */
export function windowKeys(dialect: Dialect, window: WindowRows): string {
  const since = integer(window.sinceSeconds);
  // breakage: logged-removals-hide-base-rows
  return `SELECT ${dialect.keyTyped("_key")} AS _key FROM ${window.changes} WHERE _changed_at >= ${since}${beforeUntil(window)}`;
}

function beforeUntil({ untilSeconds }: WindowRows): string {
  return untilSeconds === undefined ? "" : ` AND _changed_at < ${integer(untilSeconds)}`;
}

/**
 * The newest row of each key, by `isNewer`, among several relations of segment rows. `values` are the segment's columns in their
 * order; default: as they are.
 */
export function newestRows(
  dialect: Dialect,
  schema: Schema,
  relations: readonly string[],
  identity: Identity = HASH_ALONE,
  values?: string,
): string {
  const columns = nameList(segmentColumns(dialect, schema));
  const all = relations.map((relation) => `SELECT ${columns} FROM ${relation}`).join("\nUNION ALL\n");
  return `SELECT ${values ?? columns} FROM (
SELECT *, row_number() OVER (PARTITION BY ${identity} ORDER BY ${NEWEST_FIRST}) AS ${RANK} FROM (
${all}
)) WHERE ${RANK} = 1`;
}

/**
 * The base without the keys of the overlay, and the overlay without its removals: the rows of `<table>`. `keys` are those of
 * `overlay`, which is not asked for them, so that engines read no more of either than the columns that a query names. One of a
 * union's columns is read even if a query names none: `_key` comes first, since it is read anyway.
 */
export function mergedRows(
  columns: readonly string[],
  { base, keys, overlay }: { readonly base: string; readonly keys: string; readonly overlay: string },
): string {
  const select = columns.map(quoted).join(", ");
  const inner = ["_key", ...columns.filter((name) => name !== "_key")].map(quoted).join(", ");
  // breakage: removals-not-shown
  return `SELECT ${select} FROM (
SELECT ${inner} FROM ${base} WHERE _key NOT IN (SELECT _key FROM ${keys} WHERE _key IS NOT NULL)
UNION ALL
SELECT ${inner} FROM ${overlay} WHERE _op <> 'REMOVE'
)`;
}
