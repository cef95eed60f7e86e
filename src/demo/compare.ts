/** Proves a lake table against its source: every item of a scan against every item of the lake. */
import { type Item, itemText, readItem } from "../core/values/attribute-value.ts";
import type { Items } from "../library/lake.ts";
import type { ScanPageInput, WrittenPage } from "../source/scan-page.ts";
import type { SourceConnection } from "../source/source-connection.ts";
import { sourceError } from "../source/source-error.ts";

export interface Comparison {
  readonly items: number;
  /** Items of the table that the lake does not have exactly so. */
  readonly missing: number;
  /** Items of the lake that the table does not have exactly so. */
  readonly extra: number;
}

/** Compares a source table with a lake table's items, while nothing is written. */
export async function compareWithScan(
  connection: SourceConnection,
  source: string,
  lakeItems: Items,
): Promise<Comparison> {
  const left = new Set<string>();
  let extra = 0;
  for await (const item of scanItems(connection, source)) left.add(itemText(item));
  const items = left.size;
  for await (const item of lakeItems) if (!left.delete(itemText(item))) extra++;
  return { items, missing: left.size, extra };
}

async function* scanItems(connection: SourceConnection, table: string): AsyncGenerator<Item> {
  let start: Record<string, never> | undefined;
  do {
    const page = await scanPage(connection, {
      TableName: table,
      ConsistentRead: true,
      ...(start === undefined ? {} : { ExclusiveStartKey: start }),
    });
    for (const item of page.Items ?? []) yield readItem(item);
    start = page.LastEvaluatedKey as Record<string, never> | undefined;
  } while (start !== undefined);
}

async function scanPage({ tables, place }: SourceConnection, input: ScanPageInput): Promise<WrittenPage> {
  try {
    return await tables.scan(input, AbortSignal.timeout(60_000));
  } catch (error) {
    throw sourceError(error, { place, attempt: `scan table "${input.TableName}"` });
  }
}
