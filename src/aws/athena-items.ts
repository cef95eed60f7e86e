/** The current items of a lake table on AWS, page by page. */
import type { Item } from "../core/attribute-value.ts";
import { itemsStatement } from "../core/items.ts";
import type { Schema } from "../core/schema.ts";
import type { AwsLake } from "./aws-lake.ts";

/** The items, in no order, many at a time. */
export async function* athenaItems(
  lake: Pick<AwsLake, "store" | "engine">,
  schema: Schema,
  asOfSeconds?: number,
): AsyncGenerator<readonly Item[]> {
  const { store, engine } = lake;
  const statement = await itemsStatement({ store, engine, schema }, asOfSeconds);
  const finished = await engine.statements.run(statement.sql);
  for await (const { rows } of engine.statements.pages(finished)) yield rows.map(statement.itemOf);
}
