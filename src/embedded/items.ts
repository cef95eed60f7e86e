/** The current items of a lake table, as DynamoDB JSON. */
import type { Item } from "../core/attribute-value.ts";
import { itemsStatement, linesOfItems } from "../core/items.ts";
import type { Schema } from "../core/schema.ts";
import { engineError } from "./duckdb-session.ts";
import type { Lake } from "./lake.ts";

/** Lines of `{"Item":{...}}` (the format that DynamoDB's import reads), many in a piece. */
export async function* itemLines(
  lake: Lake,
  schema: Schema,
  asOfSeconds: number | undefined,
): AsyncGenerator<string> {
  for await (const items of lakeItems(lake, schema, asOfSeconds)) yield linesOfItems(items);
}

/** The items, in no order, many at a time. */
export async function* lakeItems(
  lake: Lake,
  schema: Schema,
  asOfSeconds: number | undefined,
): AsyncGenerator<readonly Item[]> {
  const { store, engine, session } = lake;
  const statement = await itemsStatement({ store, engine, schema }, asOfSeconds);
  try {
    const result = await session.connection.stream(statement.sql);
    for await (const rows of result.yieldRowsJs()) yield rows.map(statement.itemOf);
  } catch (error) {
    throw engineError(error);
  }
}
