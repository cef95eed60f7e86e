/** The items of a lake table, as DynamoDB JSON. */
import { itemsStatement } from "../../core/overlay/items.ts";
import type { StoredItem } from "../../core/row/stored-item.ts";
import type { OpenTable } from "../../core/table/open-table.ts";
import { duckdbClient } from "../duckdb/duckdb-client.ts";
import { rowBatches } from "../duckdb/row-batches.ts";
import type { LakeFolder } from "../folder/lake-folder.ts";

/** The items of now, or those of a time, in no order and many at a time. The session runs nothing else meanwhile. */
export async function* lakeItems(
  lake: LakeFolder,
  opened: OpenTable,
  asOfSeconds: number | undefined,
): AsyncGenerator<readonly StoredItem[]> {
  const { sql, itemOf } = await itemsStatement(lake, opened, asOfSeconds);
  yield* streamedRows(lake, sql, itemOf);
}

/** The rows of a statement, many at a time, as `of` makes them. */
export async function* streamedRows<T>(
  { session }: Pick<LakeFolder, "session">,
  sql: string,
  of: (row: readonly unknown[]) => T,
): AsyncGenerator<readonly T[]> {
  const rows = await session.stream(sql);
  for await (const batch of rowBatches(rows, duckdbClient.JSDuckDBValueConverter)) yield batch.map(of);
}
