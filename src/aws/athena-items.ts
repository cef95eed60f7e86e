/** The current items of a lake table on AWS, page by page. */

import { itemsStatement } from "../core/overlay/items.ts";
import type { Schema } from "../core/schema/schema.ts";
import type { Item } from "../core/values/attribute-value.ts";
import type { AthenaEngine } from "./athena-engine.ts";
import type { AwsLake } from "./aws-lake.ts";

/** The items in batches, in no particular order. */
export async function* athenaItems(
  lake: Pick<AwsLake, "store" | "engine">,
  schema: Schema,
  asOfSeconds?: number,
): AsyncGenerator<readonly Item[]> {
  const { store, engine } = lake;
  const { sql, itemOf } = await itemsStatement({ store, engine, schema }, asOfSeconds);
  yield* athenaRows(engine, sql, itemOf);
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
