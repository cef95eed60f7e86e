/** Proves a lake table against its source: every item of a scan against every item of the lake. */

import type { Schema } from "../core/schema/schema.ts";
import { type Item, itemText, readItem } from "../core/values/attribute-value.ts";
import type { LakeFolder } from "../embedded/folder/lake-folder.ts";
import { lakeItems } from "../embedded/reading/items.ts";
import { toItemJson } from "../source/attribute-json.ts";
import type { SourceConnection } from "../source/source-connection.ts";

export interface Comparison {
  readonly items: number;
  /** Items of the table that the lake does not have exactly so. */
  readonly missing: number;
  /** Items of the lake that the table does not have exactly so. */
  readonly extra: number;
}

/** Compares two tables that nobody writes to meanwhile. */
export async function compareWithScan(
  connection: SourceConnection,
  lake: LakeFolder,
  schema: Schema,
): Promise<Comparison> {
  const left = new Set<string>();
  let extra = 0;
  for await (const item of scanItems(connection, schema.source)) left.add(itemText(item));
  const items = left.size;
  for await (const items of lakeItems(lake, schema, undefined))
    for (const item of items) if (!left.delete(itemText(item))) extra++;
  return { items, missing: left.size, extra };
}

async function* scanItems(connection: SourceConnection, table: string): AsyncGenerator<Item> {
  let start: Record<string, never> | undefined;
  do {
    const page = await connection.tables.scan(
      {
        TableName: table,
        ConsistentRead: true,
        ...(start === undefined ? {} : { ExclusiveStartKey: start }),
      },
      AbortSignal.timeout(60_000),
    );
    for (const item of page.Items ?? []) yield readItem(toItemJson(item));
    start = page.LastEvaluatedKey as Record<string, never> | undefined;
  } while (start !== undefined);
}
