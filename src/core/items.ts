/** The items of a lake table: the statement that gives their rows, and the way from such a row to its item. */
import { type Item, itemText } from "./attribute-value.ts";
import type { WireValue } from "./codec/encoding.ts";
import { chosenManifest, currentView, itemsSchema, type ViewContext, wireRows } from "./lake-view.ts";
import { rowCodec, toItem } from "./row.ts";

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
  const manifest = await chosenManifest(current, asOfSeconds);
  const context = { ...current, schema: await itemsSchema(current, manifest) };
  // What lies in `_unmapped` wins on the way back: nothing needs to be recovered from it.
  const view = await currentView(context, { ...manifest, recovery: undefined }, asOfSeconds);
  const codec = rowCodec(context.schema);
  return {
    sql: wireRows(context, view),
    itemOf: (row) => {
      const unmapped = (row.at(-1) ?? null) as string | null;
      return toItem(codec, { values: row.slice(0, -1) as WireValue[], unmapped });
    },
  };
}

/** Lines of `{"Item":{...}}`, the format that DynamoDB's import reads. */
export function linesOfItems(items: readonly Item[]): string {
  return items.map((item) => `{"Item":${itemText(item)}}\n`).join("");
}
