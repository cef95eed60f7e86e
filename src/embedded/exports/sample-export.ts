/** A sample of an export's items, spread evenly over its files, to infer a schema from. */
import { createReadStream } from "node:fs";
import { basename } from "node:path";
import { createGunzip } from "node:zlib";
import { Rejection } from "../../core/change/change.ts";
import { DynalakeError } from "../../core/error.ts";
import { readExportLine } from "../../core/exports/export-line.ts";
import type { Item } from "../../core/values/attribute-value.ts";
import { LINE_FEED, wholeLines } from "../../transcode/whole-lines.ts";
import type { ExportFolder, ExportPart } from "./export-folder.ts";

/** Enough to show rare attributes, and read in a moment. */
const SAMPLE_ITEMS_MAX = 20_000;
/** Thousands of items of 400 KB would not fit in memory. */
const SAMPLE_BYTES_MAX = 128 * 1024 * 1024;

/** Items of an export. Lines that cannot be read are skipped: the snapshot reports them. */
export async function sampleExport(folder: ExportFolder): Promise<readonly Item[]> {
  const parts = Math.max(1, folder.parts.length);
  const share = { lines: Math.ceil(SAMPLE_ITEMS_MAX / parts), bytes: Math.ceil(SAMPLE_BYTES_MAX / parts) };
  const items: Item[] = [];
  for (const part of folder.parts) {
    try {
      items.push(...(await firstItems(part, share)));
    } catch (cause) {
      if (cause instanceof DynalakeError) throw cause;
      throw new DynalakeError("EXPORT_INVALID", `${part.key} is not a complete gzip file`, { cause });
    }
  }
  return items;
}

interface Share {
  readonly lines: number;
  readonly bytes: number;
}

/** The items of the first lines, up to the line that reaches the share of bytes. */
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
