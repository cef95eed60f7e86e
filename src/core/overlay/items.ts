/** The items of a lake table: the statement that gives their rows, and the way from such a row to its item. */

import { namedSegments } from "../format/named-segments.ts";
import { literal, quoted } from "../ports/dialect.ts";
import type { ObjectStore } from "../ports/object-store.ts";
import type { LakeRow } from "../ports/verified.ts";
import type { WireValue } from "../row/encoding.ts";
import { type ItemRow, rowCodec } from "../row/row.ts";
import { type StoredItem, storedItems } from "../row/stored-item.ts";
import type { Schema } from "../schema/schema.ts";
import { schemaChange } from "../schema/schema-change.ts";
import { type OpenTable, type TableState, tableAsOf } from "../table/open-table.ts";
import { currentView, keyedView, type ViewEngine, wireRows } from "./lake-view.ts";

export interface ItemsStatement {
  readonly sql: string;
  /** The item of a row of the statement: its values in their order. */
  readonly itemOf: (row: readonly unknown[]) => StoredItem;
}

export interface ItemsContext {
  readonly store: ObjectStore;
  readonly engine: ViewEngine;
}

/** The items of now, or those of a time, in no order. */
export async function itemsStatement(
  { store, engine }: ItemsContext,
  table: OpenTable,
  asOfSeconds: number | undefined,
): Promise<ItemsStatement> {
  const whole = wholeItems(table, await tableAsOf(store, table, asOfSeconds));
  const stored = storedItems(rowCodec(whole.schema));
  const view = await currentView(engine, whole, asOfSeconds);
  return {
    sql: wireRows(engine, whole.schema, view),
    itemOf: (row) => stored(itemRow(row, row.length - 1)),
  };
}

export interface LakeRowsStatement {
  readonly sql: string;
  readonly rowOf: (row: readonly unknown[]) => LakeRow;
}

/** The rows of now, each with its key's hash: all, or those that are found by these hashes. */
export async function lakeRowsStatement(
  engine: ViewEngine,
  table: OpenTable,
  keyHashes?: readonly string[],
): Promise<LakeRowsStatement> {
  const whole = wholeItems(table, table);
  const stored = storedItems(rowCodec(whole.schema));
  const { dialect } = engine;
  const rows = wireRows(engine, whole.schema, await keyedView(engine, whole), [
    `${dialect.keyWire("_key")} AS ${quoted("key digits")}`,
  ]);
  const keys = keyHashes?.map((hash) => dialect.keyTyped(literal(hash)));
  const where = keys === undefined ? "" : ` WHERE _key IN (${keys.join(", ")})`;
  return {
    sql: `${rows}${where}`,
    rowOf: (row) => ({ keyHash: String(row.at(-1)), item: stored(itemRow(row, row.length - 2)) }),
  };
}

/** What lies in `_unmapped` wins on the way back, so that nothing needs to be recovered from it; from earlier columns it does. */
function wholeItems(now: OpenTable, then: TableState): TableState {
  const { manifest } = then;
  const { recovery } = now.manifest;
  const schema = itemsSchema(now, then);
  if (recovery === undefined) return { ...then, schema };
  const { before } = recovery;
  const segments = namedSegments(manifest).map(({ id }) => id);
  // breakage: items-of-earlier-columns
  return { ...then, schema, manifest: { ...manifest, recovery: { before, columns: [], segments } } };
}

/**
 * The schema by which the items of a time come back whole: the newest one, since changes that came late have been written by it,
 * unless it lacks what the schema of then has.
 */
export function itemsSchema(now: Pick<OpenTable, "schema">, then: Pick<TableState, "schema">): Schema {
  return schemaChange(then.schema, now.schema).kind === "refused" ? then.schema : now.schema;
}

/** The columns' values come first, then `_unmapped`. */
function itemRow(row: readonly unknown[], columns: number): ItemRow {
  return {
    values: row.slice(0, columns) as readonly WireValue[],
    unmapped: (row[columns] ?? null) as string | null,
  };
}

/** Lines of `{"Item":{...}}`, the format that DynamoDB's import reads. */
export function linesOfItems(items: readonly StoredItem[]): string {
  return items.map((item) => `{"Item":${item.text()}}\n`).join("");
}
