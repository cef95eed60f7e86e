/** The first items of a table, to infer a schema from. */
import { type Item, readItem } from "../core/values/attribute-value.ts";
import type { WrittenItem } from "./scan-page.ts";
import type { SourceConnection } from "./source-connection.ts";
import { sourceError } from "./source-error.ts";

const SCAN_ITEMS_MAX = 5_000;
/** A page of a scan has at most 1 MB. */
const SCAN_PAGES_MAX = 100;
const SCAN_PAGE_ITEMS = 1_000;
const SCAN_PAGE_MS_MAX = 30_000;

/** Fails as a scan does, and with the signal's reason once it is aborted. */
export async function sampleTable(
  connection: SourceConnection,
  table: string,
  signal: AbortSignal,
): Promise<readonly Item[]> {
  const items: Item[] = [];
  let start: WrittenItem | undefined;
  let pages = 0;
  const call = { place: connection.place, attempt: `scan table "${table}"` };
  do {
    const page = await connection.tables
      .scan(
        {
          TableName: table,
          Limit: SCAN_PAGE_ITEMS,
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
    pages++;
  } while (start !== undefined && items.length < SCAN_ITEMS_MAX && pages < SCAN_PAGES_MAX);
  return items;
}
