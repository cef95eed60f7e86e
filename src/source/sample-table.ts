/** The first items of a table, to infer a schema from. */
import { type Item, readItem } from "../core/values/attribute-value.ts";
import type { WrittenItem } from "./scan-page.ts";
import type { SourceConnection } from "./source-connection.ts";
import { sourceError } from "./source-error.ts";

const SCAN_PAGE_ITEMS = 1_000;
const SCAN_PAGE_MS_MAX = 30_000;

/** Fails as a scan does, and with the signal's reason once it is aborted. */
export async function sampleTable(
  connection: SourceConnection,
  table: string,
  { itemsMax, signal }: { readonly itemsMax: number; readonly signal: AbortSignal },
): Promise<readonly Item[]> {
  const items: Item[] = [];
  let start: WrittenItem | undefined;
  const call = { place: connection.place, attempt: `scan table "${table}"` };
  do {
    const page = await connection.tables
      .scan(
        {
          TableName: table,
          Limit: Math.min(SCAN_PAGE_ITEMS, itemsMax - items.length),
          ...(start === undefined ? {} : { ExclusiveStartKey: start }),
        },
        AbortSignal.any([AbortSignal.timeout(SCAN_PAGE_MS_MAX), signal]),
      )
      .catch((error: unknown) => {
        signal.throwIfAborted();
        throw sourceError(error, call);
      });
    for (const item of page.Items ?? []) items.push(readItem(item));
    start = page.LastEvaluatedKey;
  } while (start !== undefined && items.length < itemsMax);
  return items;
}
