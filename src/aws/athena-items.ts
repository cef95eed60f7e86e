/** The current items of a lake table on AWS, page by page. */

import { itemsStatement } from "../core/overlay/items.ts";
import type { StoredItem } from "../core/row/stored-item.ts";
import type { OpenTable } from "../core/table/open-table.ts";
import type { AthenaEngine } from "./athena-engine.ts";
import type { AwsLake } from "./aws-lake.ts";

/** The items in batches, in no particular order. */
export async function* athenaItems(
  lake: Pick<AwsLake, "store" | "engine">,
  opened: OpenTable,
  asOfSeconds?: number,
): AsyncGenerator<readonly StoredItem[]> {
  const { sql, itemOf } = await itemsStatement(lake, opened, asOfSeconds);
  yield* athenaRows(lake.engine, sql, itemOf);
}

/** The rows of a statement, page by page, converted by `of`. */
export async function* athenaRows<T>(
  { statements }: Pick<AthenaEngine, "statements">,
  sql: string,
  of: (row: readonly unknown[]) => T,
): AsyncGenerator<readonly T[]> {
  const finished = await statements.run(sql);
  for await (const { rows } of statements.pages(finished)) yield rows.map((row) => of(row));
}
