/** The current items of a lake table on AWS, page by page. */
import type { Item } from "../core/attribute-value.ts";
import type { WireValue } from "../core/codec/encoding.ts";
import { chosenManifest, currentView, wireRows } from "../core/lake-view.ts";
import { rowCodec, toItem } from "../core/row.ts";
import type { Schema } from "../core/schema.ts";
import type { AwsLake } from "./aws-lake.ts";

/** The items, in no order, many at a time. */
export async function* athenaItems(
  lake: Pick<AwsLake, "store" | "engine">,
  schema: Schema,
  asOfSeconds?: number,
): AsyncGenerator<readonly Item[]> {
  const context = { ...lake, schema };
  const view = await currentView(context, await chosenManifest(context, asOfSeconds), asOfSeconds);
  const codec = rowCodec(schema);
  const { statements } = lake.engine;
  for await (const { rows } of statements.pages(await statements.run(wireRows(context, view)))) {
    yield rows.map((row) => {
      const unmapped = (row.at(-1) ?? null) as string | null;
      return toItem(codec, { values: row.slice(0, -1) as WireValue[], unmapped });
    });
  }
}
