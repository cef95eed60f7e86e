/** The items of a lake table: the statement that gives their rows, and the way from such a row to its item. */

import type { Manifest } from "../format/manifest.ts";
import { literal, quoted } from "../ports/dialect.ts";
import type { LakeRow } from "../ports/verified.ts";
import type { WireValue } from "../row/encoding.ts";
import { type RowCodec, rowCodec, toItem } from "../row/row.ts";
import { type Item, itemText } from "../values/attribute-value.ts";
import {
  chosenManifest,
  currentView,
  itemsSchema,
  keyedView,
  type ViewContext,
  wireRows,
} from "./lake-view.ts";

export interface ItemsStatement {
  readonly sql: string;
  /** The item of a row of the statement: its values in their order. */
  readonly itemOf: (row: readonly unknown[]) => Item;
}

/** The items of now, or those of a time, in no order. */
export async function itemsStatement(
  current: ViewContext,
  asOfSeconds: number | undefined,
): Promise<ItemsStatement> {
  const { context, manifest, codec } = await itemsContext(current, asOfSeconds);
  const view = await currentView(context, manifest, asOfSeconds);
  return { sql: wireRows(context, view), itemOf: (row) => itemOf(codec, row.slice(0, -1), row.at(-1)) };
}

export interface LakeRowsStatement {
  readonly sql: string;
  readonly rowOf: (row: readonly unknown[]) => LakeRow;
}

/** The rows of now, each with its key's hash: all, or those that are found by these hashes. */
export async function lakeRowsStatement(
  current: ViewContext,
  keyHashes?: readonly string[],
): Promise<LakeRowsStatement> {
  const { context, manifest, codec } = await itemsContext(current, undefined);
  const { dialect } = context.engine;
  const rows = wireRows(context, await keyedView(context, manifest), [
    `${dialect.keyWire("_key")} AS ${quoted("key digits")}`,
  ]);
  const keys = keyHashes?.map((hash) => dialect.keyTyped(literal(hash)));
  const where = keys === undefined ? "" : ` WHERE _key IN (${keys.join(", ")})`;
  return { sql: `${rows}${where}`, rowOf: (row) => lakeRow(codec, row) };
}

interface ItemsContext {
  readonly context: ViewContext;
  readonly manifest: Manifest;
  readonly codec: RowCodec;
}

async function itemsContext(current: ViewContext, asOfSeconds: number | undefined): Promise<ItemsContext> {
  const manifest = await chosenManifest(current, asOfSeconds);
  const schema = await itemsSchema(current, manifest);
  // What lies in `_unmapped` wins on the way back: nothing needs to be recovered from it.
  return {
    context: { ...current, schema },
    manifest: { ...manifest, recovery: undefined },
    codec: rowCodec(schema),
  };
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
