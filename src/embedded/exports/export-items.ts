/** The items of an export on this machine, file by file, each file checked against the manifest. */
import { isUtf8 } from "node:buffer";
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { basename } from "node:path";
import { createGunzip } from "node:zlib";
import { Rejection } from "../../core/change/change.ts";
import { DynalakeError } from "../../core/error.ts";
import { readExportLine } from "../../core/exports/export-line.ts";
import type { Item } from "../../core/values/attribute-value.ts";
import { LINE_FEED, wholeLines } from "../../transcode/whole-lines.ts";
import type { ExportFolder, ExportPart } from "./export-folder.ts";

/** Few, so that none of them outlives the collection of what is young. */
const ITEMS_AT_ONCE = 200;
/** What is read and inflated at once. */
const READ_BYTES = 256 * 1024;

/** Reads the line that stands in the bytes, valid UTF-8, from `start` up to `end`; undefined for a blank one. Throws Rejection. */
export type ReadLine<T> = (region: Buffer, start: number, end: number) => T | undefined;

/** All items, many at a time. Throws EXPORT_INVALID where a file is not whole or a line of it is no item. */
export function exportItems(folder: ExportFolder): AsyncGenerator<readonly Item[]> {
  return exportLines(folder, readItemLine);
}

/** The items of one data file. */
export function partItems(part: ExportPart): AsyncGenerator<readonly Item[]> {
  return partLines(part, readItemLine);
}

/** The same as `exportItems`, with what `read` makes of each line. */
export async function* exportLines<T>(folder: ExportFolder, read: ReadLine<T>): AsyncGenerator<readonly T[]> {
  for (const part of folder.parts) yield* partLines(part, read);
}

export const readItemLine: ReadLine<Item> = (region, start, end) => {
  const line = region.toString("utf8", start, end);
  return line.trim() === "" ? undefined : readExportLine(line);
};

async function* partLines<T>(part: ExportPart, read: ReadLine<T>): AsyncGenerator<readonly T[]> {
  const md5 = createHash("md5");
  const source = createReadStream(part.file, { highWaterMark: READ_BYTES });
  source.on("data", (piece) => md5.update(piece));
  const gunzip = createGunzip({ chunkSize: READ_BYTES });
  source.on("error", (error) => gunzip.destroy(error));
  let count = 0;
  let items: T[] = [];
  try {
    for await (const region of wholeLines(source.pipe(gunzip), basename(part.file))) {
      if (!isUtf8(region)) throw new Rejection("not-json", "The line is not valid UTF-8.");
      // At line feeds alone: U+2028 and its like end a line for Node's readline, and are text here.
      for (let start = 0, end = 0; start < region.length; start = end + 1) {
        const lineFeed = region.indexOf(LINE_FEED, start);
        end = lineFeed === -1 ? region.length : lineFeed;
        const item = read(region, start, end);
        if (item === undefined) continue;
        items.push(item);
        count++;
        if (items.length < ITEMS_AT_ONCE) continue;
        yield items;
        items = [];
      }
    }
  } catch (cause) {
    if (cause instanceof DynalakeError) throw cause;
    if (cause instanceof Rejection)
      throw new DynalakeError("EXPORT_INVALID", `${part.key}: a line holds no item: ${cause.message}`, {
        cause,
      });
    throw new DynalakeError("EXPORT_INVALID", `${part.key} is not a complete gzip file`, { cause });
  } finally {
    source.destroy();
    gunzip.destroy();
  }
  if (count !== part.itemCount || md5.digest("base64") !== part.md5)
    throw new DynalakeError("EXPORT_INVALID", `${part.key} is not the file that the manifest lists`);
  yield items;
}
