/** Items to infer a schema from: some of an export's, evenly over its files, or the first of a table's. */
import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { createGunzip } from "node:zlib";
import { type Item, readItem } from "../core/attribute-value.ts";
import { Rejection } from "../core/change.ts";
import { DynalakeError } from "../core/error.ts";
import { readExportLine } from "../core/export-line.ts";
import { toItemJson } from "./dynamodb/attribute-json.ts";
import type { SourceConnection } from "./dynamodb/clients.ts";
import { sourceError } from "./dynamodb/source-error.ts";
import type { ExportFolder } from "./export-folder.ts";

/** Enough to see rare attributes, little enough to take no time. */
const SAMPLE_ITEMS = 20_000;
const SCAN_ITEMS = 5_000;

/** Items of an export. What cannot be read is left for the snapshot to judge. */
export async function sampleExport(folder: ExportFolder): Promise<readonly Item[]> {
  const share = Math.ceil(SAMPLE_ITEMS / Math.max(1, folder.parts.length));
  const items: Item[] = [];
  for (const part of folder.parts) {
    try {
      items.push(...(await firstItems(part.file, share)));
    } catch (cause) {
      throw new DynalakeError("EXPORT_INVALID", `${part.key} is no whole gzip file`, { cause });
    }
  }
  return items;
}

async function firstItems(file: string, count: number): Promise<readonly Item[]> {
  const source = createReadStream(file);
  const gunzip = createGunzip();
  source.on("error", (error) => gunzip.destroy(error));
  const items: Item[] = [];
  try {
    for await (const line of createInterface({
      input: source.pipe(gunzip),
      crlfDelay: Number.POSITIVE_INFINITY,
    })) {
      const item = readable(line);
      if (item !== undefined) items.push(item);
      if (items.length >= count) break;
    }
  } finally {
    source.destroy();
    gunzip.destroy();
  }
  return items;
}

function readable(line: string): Item | undefined {
  try {
    return line.trim() === "" ? undefined : readExportLine(line);
  } catch (error) {
    if (error instanceof Rejection) return undefined;
    throw error;
  }
}

/** The first items of a table. */
export async function sampleTable(connection: SourceConnection, table: string): Promise<readonly Item[]> {
  const items: Item[] = [];
  let start: Record<string, never> | undefined;
  const call = { place: connection.place, attempt: `scan table "${table}"` };
  do {
    const page = await connection.tables
      .scan(
        { TableName: table, Limit: 1000, ...(start === undefined ? {} : { ExclusiveStartKey: start }) },
        AbortSignal.timeout(30_000),
      )
      .catch((error: unknown) => {
        throw sourceError(error, call);
      });
    for (const item of page.Items ?? []) items.push(readItem(toItemJson(item)));
    start = page.LastEvaluatedKey as Record<string, never> | undefined;
  } while (start !== undefined && items.length < SCAN_ITEMS);
  return items;
}
