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
import { wholeLines } from "../../transcode/whole-lines.ts";
import type { ExportFolder, ExportPart } from "./export-folder.ts";

/** Few, so that none of them outlives the collection of what is young. */
const ITEMS_AT_ONCE = 200;

/** All items, many at a time. Throws EXPORT_INVALID where a file is not whole or a line of it is no item. */
export async function* exportItems(folder: ExportFolder): AsyncGenerator<readonly Item[]> {
  for (const part of folder.parts) yield* partItems(part);
}

/** The items of one data file. */
export async function* partItems(part: ExportPart): AsyncGenerator<readonly Item[]> {
  const md5 = createHash("md5");
  const source = createReadStream(part.file);
  source.on("data", (piece) => md5.update(piece));
  const gunzip = createGunzip();
  source.on("error", (error) => gunzip.destroy(error));
  let count = 0;
  let items: Item[] = [];
  try {
    for await (const region of wholeLines(source.pipe(gunzip), basename(part.file))) {
      if (!isUtf8(region)) throw new Rejection("not-json", "The line is not valid UTF-8.");
      // At line feeds alone: U+2028 and its like end a line for Node's readline, and are text here.
      for (const line of region.toString("utf8").split("\n")) {
        if (line.trim() === "") continue;
        items.push(readExportLine(line));
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
