/** Items to infer a schema from: some of an export's, evenly over its files, or the first of a table's. */
import { createReadStream } from "node:fs";
import { basename } from "node:path";
import { createGunzip } from "node:zlib";
import { Rejection } from "../core/change/change.ts";
import { DynalakeError } from "../core/error.ts";
import { readExportLine } from "../core/exports/export-line.ts";
import { type Item, readItem } from "../core/values/attribute-value.ts";
import type { ExportFolder, ExportPart } from "../embedded/export-folder.ts";
import { LINE_FEED, wholeLines } from "../transcode/whole-lines.ts";
import { toItemJson } from "./attribute-json.ts";
import type { SourceConnection } from "./source-connection.ts";
import { sourceError } from "./source-error.ts";

/** Enough to see rare attributes, little enough to take no time. */
const SAMPLE_ITEMS = 20_000;
const SCAN_ITEMS = 5_000;
/** Items of 400 KB, thousands of them, would not fit into memory. */
const SAMPLE_BYTES = 128 * 1024 * 1024;
/** A page of a scan has up to a megabyte. */
const SCAN_PAGES = 100;

/** Items of an export. What cannot be read is left for the snapshot to judge. */
export async function sampleExport(folder: ExportFolder): Promise<readonly Item[]> {
  const parts = Math.max(1, folder.parts.length);
  const share = { lines: Math.ceil(SAMPLE_ITEMS / parts), bytes: Math.ceil(SAMPLE_BYTES / parts) };
  const items: Item[] = [];
  for (const part of folder.parts) {
    try {
      items.push(...(await firstItems(part, share)));
    } catch (cause) {
      if (cause instanceof DynalakeError) throw cause;
      throw new DynalakeError("EXPORT_INVALID", `${part.key} is no whole gzip file`, { cause });
    }
  }
  return items;
}

interface Share {
  readonly lines: number;
  readonly bytes: number;
}

/** The items of the first lines, which fill no more than the share of bytes, but for the last one. */
async function firstItems(part: ExportPart, share: Share): Promise<readonly Item[]> {
  const source = createReadStream(part.file);
  const gunzip = createGunzip();
  source.on("error", (error) => gunzip.destroy(error));
  const items: Item[] = [];
  let [lines, bytes] = [0, 0];
  try {
    for await (const region of wholeLines(source.pipe(gunzip), basename(part.file))) {
      for (let at = 0; at < region.length && lines < share.lines && bytes < share.bytes; lines++) {
        const lineFeed = region.indexOf(LINE_FEED, at);
        const end = lineFeed === -1 ? region.length : lineFeed;
        const item = readable(region.toString("utf8", at, end));
        if (item !== undefined) items.push(item);
        bytes += end + 1 - at;
        at = end + 1;
      }
      if (lines >= share.lines || bytes >= share.bytes) break;
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
  let pages = 0;
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
    pages++;
  } while (start !== undefined && items.length < SCAN_ITEMS && pages < SCAN_PAGES);
  return items;
}
