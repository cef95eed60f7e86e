/** The items of a lake table: the statement that gives their rows, and the way from such a row to its item. */

import { literal, quoted } from "../ports/dialect.ts";
import type { ObjectStore } from "../ports/object-store.ts";
import type { LakeRow } from "../ports/verified.ts";
import type { WireValue } from "../row/encoding.ts";
import { type RowCodec, rowCodec, toItem } from "../row/row.ts";
import type { Schema } from "../schema/schema.ts";
import { schemaChange } from "../schema/schema-change.ts";
import { type OpenTable, type TableState, tableAsOf } from "../table/open-table.ts";
import { type Item, itemText } from "../values/attribute-value.ts";
import { currentView, keyedView, type ViewEngine, wireRows } from "./lake-view.ts";

export interface ItemsStatement {
  readonly sql: string;
  /** The item of a row of the statement: its values in their order. */
  readonly itemOf: (row: readonly unknown[]) => Item;
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
  const codec = rowCodec(whole.schema);
  const view = await currentView(engine, whole, asOfSeconds);
  return {
    sql: wireRows(engine, whole.schema, view),
    itemOf: (row) => itemOf(codec, row.slice(0, -1), row.at(-1)),
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
  const codec = rowCodec(whole.schema);
  const { dialect } = engine;
  const rows = wireRows(engine, whole.schema, await keyedView(engine, whole), [
    `${dialect.keyWire("_key")} AS ${quoted("key digits")}`,
  ]);
  const keys = keyHashes?.map((hash) => dialect.keyTyped(literal(hash)));
  const where = keys === undefined ? "" : ` WHERE _key IN (${keys.join(", ")})`;
  return { sql: `${rows}${where}`, rowOf: (row) => lakeRow(codec, row) };
}

/** What lies in `_unmapped` wins on the way back, so that nothing needs to be recovered from it. */
function wholeItems(now: OpenTable, then: TableState): TableState {
  return { ...then, schema: itemsSchema(now, then), manifest: { ...then.manifest, recovery: undefined } };
}

/**
 * The schema by which the items of a time come back whole: the newest one, since changes that came late have been written by it,
 * unless it lacks what the schema of then has.
 */
export function itemsSchema(now: Pick<OpenTable, "schema">, then: Pick<TableState, "schema">): Schema {
  return schemaChange(then.schema, now.schema).kind === "refused" ? then.schema : now.schema;
}

function itemOf(codec: RowCodec, values: readonly unknown[], unmapped: unknown): Item {
  return toItem(codec, {
    values: values as readonly WireValue[],
    unmapped: (unmapped ?? null) as string | null,
  });
}

function lakeRow(codec: RowCodec, row: readonly unknown[]): LakeRow {
  const keyHash = String(row.at(-1));
  try {
    return { keyHash, item: itemOf(codec, row.slice(0, -2), row.at(-2)) };
  } catch {
    // Whatever stands there, no item has become it.
    return { keyHash, item: undefined };
  }
}

/** Lines of `{"Item":{...}}`, the format that DynamoDB's import reads. */
export function linesOfItems(items: readonly Item[]): string {
  return items.map((item) => `{"Item":${itemText(item)}}\n`).join("");
}
