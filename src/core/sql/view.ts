/** The statements behind what people query: `<table>`, `<table>_history` and `<table>_snapshots`. */
import type { Manifest } from "../format/manifest.ts";
import { recoverableColumns } from "../format/recovery.ts";
import { type Dialect, literal, quoted } from "../ports/dialect.ts";
import type { Schema } from "../schema/schema.ts";
import { valueList, wireForm } from "./column-value.ts";
import { keyIdentity, mergedRows, newestRows, SAME_ROW, windowKeys, windowRows } from "./overlay.ts";
import { snapshotValues, type WrittenForm } from "./snapshot-values.ts";
import { segmentColumns, viewColumns } from "./typed-columns.ts";

/** Relations that the engine offers; each can stand behind FROM. Those that are known to be empty are left out. */
export interface LakeRelations {
  readonly base: string;
  readonly deltas?: string | undefined;
  /** The change log from the skew allowance before the horizon on, at least. */
  readonly changes?: string | undefined;
}

/** What of the table's rows a statement selects. */
export interface RowSelection {
  /** Its rows as of this second. Default: now. */
  readonly asOfSeconds?: number | undefined;
  /** The columns that people see, or those of segments, which have `_key`. */
  readonly columns: "view" | "segment";
  /** The hashes of all keys that the statement asks for: rows of other keys may be missing. Default: any key. */
  readonly keyHashes?: readonly string[] | undefined;
}

/** The rows of the table: `overlaidChange` of each key, over the base. */
export function currentRows(
  dialect: Dialect,
  schema: Schema,
  manifest: Manifest,
  { base, deltas, changes }: LakeRelations,
  { asOfSeconds, columns: kind, keyHashes }: RowSelection,
): string {
  const recoverable = recoverableColumns(manifest);
  const identity = keyIdentity(schema, recoverable);
  const columns = (kind === "view" ? viewColumns : segmentColumns)(dialect, schema).map(({ name }) => name);
  const named: string[] = [];
  const keys: string[] = [];
  const newest: string[] = [];
  if (deltas !== undefined) {
    named.push(dialect.inlined(DELTA_ROWS, `SELECT * FROM ${deltas}${ofKeys(keyHashes, dialect.keyTyped)}`));
    keys.push(`SELECT _key FROM ${DELTA_ROWS}`); // breakage: folded-removals-hide-base-rows
    newest.push(DELTA_ROWS);
  }
  if (changes !== undefined) {
    const window = {
      changes: CHANGE_LOG,
      sinceSeconds: manifest.horizonSeconds,
      skewSeconds: manifest.skewSeconds,
      recoverable,
      // breakage: as-of-includes-its-second
      ...(asOfSeconds === undefined ? {} : { untilSeconds: asOfSeconds + 1 }),
    };
    named.push(dialect.inlined(CHANGE_LOG, `SELECT * FROM ${changes}${ofKeys(keyHashes)}`));
    keys.push(windowKeys(dialect, window));
    newest.push(`(${windowRows(dialect, schema, window, identity)})`);
  }
  if (named.length === 0) return `SELECT ${columns.map(quoted).join(", ")} FROM ${base}`;
  // A window alone has one row of each key already.
  const overlay = deltas === undefined ? newest.join() : `(${newestRows(dialect, schema, newest, identity)})`;
  const merged = mergedRows(columns, { base, keys: `(${keys.join("\nUNION ALL\n")})`, overlay });
  return `WITH ${named.join(",\n")}\n${merged}`;
}

/** The condition on the overlay's rows, by which its windows are computed for the keys alone that are asked for. */
function ofKeys(
  keyHashes: readonly string[] | undefined,
  inForm: (hex: string) => string = (hex) => hex,
): string {
  if (keyHashes === undefined) return "";
  return ` WHERE _key IN (${keyHashes.map((hash) => inForm(literal(hash))).join(", ")})`;
}

/** Relations of the statement. No table of a lake can have their names, which have a space. */
const CHANGE_LOG = quoted("change log");
const DELTA_ROWS = quoted("delta rows");

/** A column of an inner statement. No column of an attribute can have its name, which has a space. */
const REPEAT = quoted("delivery rank");

/** Every change, typed, once however often it was delivered, in no order. `changes` also has the partition columns dt and hr. */
export function historyRows(
  dialect: Dialect,
  schema: Schema,
  manifest: Pick<Manifest, "recovery">,
  changes: string,
): string {
  const form = wireForm(recoverableColumns(manifest));
  return `SELECT ${valueList(dialect, viewColumns(dialect, schema), form)}, dt, hr FROM (
SELECT *, row_number() OVER (PARTITION BY _key, _version, _op, _changed_at ORDER BY ${SAME_ROW}, dt, hr) AS ${REPEAT} FROM ${changes}
) WHERE ${REPEAT} = 1`; // breakage: history-shows-change-once
}

/** Kept snapshots, those whose files have the same columns together, with the time of each export. */
export function snapshotRows(
  dialect: Dialect,
  schema: Schema,
  snapshots: readonly (WrittenForm & { readonly rows: string })[],
): string {
  return snapshots
    .map((form) => `SELECT ${snapshotValues(dialect, schema, form)}, ${EXPORT_TIME} FROM ${form.rows}`)
    .join("\nUNION ALL\n");
}

/** The partition of `<table>_snapshots`. No column of an attribute can have its name. */
export const EXPORT_TIME = "ddb_export_timestamp";
