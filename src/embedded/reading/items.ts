/** The current items of a lake table, as DynamoDB JSON. */

import { itemsStatement, linesOfItems } from "../../core/overlay/items.ts";
import type { Schema } from "../../core/schema/schema.ts";
import type { Item } from "../../core/values/attribute-value.ts";
import { engineError } from "../duckdb/duckdb-session.ts";
import type { LakeFolder } from "../folder/lake-folder.ts";

/** Lines of `{"Item":{...}}` (the format that DynamoDB's import reads), many in a piece. */
export async function* itemLines(
  lake: LakeFolder,
  schema: Schema,
  asOfSeconds: number | undefined,
): AsyncGenerator<string> {
  for await (const items of lakeItems(lake, schema, asOfSeconds)) yield linesOfItems(items);
}

/** The items, in no order, many at a time. */
export async function* lakeItems(
  lake: LakeFolder,
  schema: Schema,
  asOfSeconds: number | undefined,
): AsyncGenerator<readonly Item[]> {
  const { store, engine } = lake;
  const { sql, itemOf } = await itemsStatement({ store, engine, schema }, asOfSeconds);
  yield* streamedRows(lake, sql, itemOf);
}

/** The engine gives up to 2,048 rows at once: as the text of items of 400 KB that is more than a string can hold. */
const ROWS_AT_ONCE_MAX = 128;

/** The rows of a statement, many at a time, as `of` makes them. */
export async function* streamedRows<T>(
  { session }: Pick<LakeFolder, "session">,
  sql: string,
  of: (row: readonly unknown[]) => T,
): AsyncGenerator<readonly T[]> {
  try {
    const result = await session.connection.stream(sql);
    for await (const rows of result.yieldRowsJs()) {
      for (let from = 0; from < rows.length; from += ROWS_AT_ONCE_MAX)
        yield rows.slice(from, from + ROWS_AT_ONCE_MAX).map((row) => of(row));
    }
  } catch (error) {
    throw engineError(error);
  }
}
