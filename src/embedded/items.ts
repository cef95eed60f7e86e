/** The current items of a lake table, as DynamoDB JSON. */
import { type Item, itemText } from "../core/attribute-value.ts";
import type { WireValue } from "../core/codec/encoding.ts";
import { chosenManifest, currentView, itemsSchema, wireRows } from "../core/lake-view.ts";
import { rowCodec, toItem } from "../core/row.ts";
import type { Schema } from "../core/schema.ts";
import { engineError } from "./duckdb-session.ts";
import type { Lake } from "./lake.ts";

/** Lines of `{"Item":{...}}` (the format that DynamoDB's import reads), many in a piece. */
export async function* itemLines(
  lake: Lake,
  schema: Schema,
  asOfSeconds: number | undefined,
): AsyncGenerator<string> {
  for await (const items of lakeItems(lake, schema, asOfSeconds)) {
    yield items.map((item) => `{"Item":${itemText(item)}}\n`).join("");
  }
}

/** The items, in no order, many at a time. */
async function* lakeItems(
  lake: Lake,
  schema: Schema,
  asOfSeconds: number | undefined,
): AsyncGenerator<readonly Item[]> {
  const current = { store: lake.store, engine: lake.engine, schema };
  const manifest = await chosenManifest(current, asOfSeconds);
  const context = { ...current, schema: await itemsSchema(current, manifest) };
  // What lies in `_unmapped` wins on the way back: nothing needs to be recovered from it.
  const view = await currentView(context, { ...manifest, recovery: undefined }, asOfSeconds);
  const codec = rowCodec(context.schema);
  try {
    const result = await lake.session.connection.stream(wireRows(context, view));
    for await (const rows of result.yieldRowsJs()) {
      yield rows.map((row) => {
        const unmapped = row.at(-1) as string | null;
        return toItem(codec, { values: row.slice(0, -1) as WireValue[], unmapped });
      });
    }
  } catch (error) {
    throw engineError(error);
  }
}
