/** Observes the items of a data file of an export, to infer schemas from. */
import { createReadStream } from "node:fs";
import { basename } from "node:path";
import { createGunzip } from "node:zlib";
import { Rejection } from "../../core/change/change.ts";
import { DynalakeError } from "../../core/error.ts";
import { readExportLine } from "../../core/exports/export-line.ts";
import type { Item } from "../../core/values/attribute-value.ts";
import { systemCode } from "../../files/file-error.ts";
import { LINE_FEED, wholeLines } from "../../transcode/whole-lines.ts";

/** How much of a file is read: up to the line that reaches either. */
export interface PartShare {
  readonly lines: number;
  readonly bytes: number;
}

export const ALL_LINES: PartShare = {
  lines: Number.POSITIVE_INFINITY,
  bytes: Number.POSITIVE_INFINITY,
};

/** Lines that cannot be read are skipped: the snapshot reports them. Throws EXPORT_INVALID. */
export async function observePart(
  see: (item: Item) => void,
  file: string,
  share: PartShare,
  signal?: AbortSignal,
): Promise<void> {
  const source = createReadStream(file, signal === undefined ? {} : { signal });
  const gunzip = createGunzip();
  source.on("error", (error) => gunzip.destroy(error));
  let [lines, bytes] = [0, 0];
  try {
    for await (const region of wholeLines(source.pipe(gunzip), basename(file))) {
      for (let at = 0; at < region.length && lines < share.lines && bytes < share.bytes; lines++) {
        const lineFeed = region.indexOf(LINE_FEED, at);
        const end = lineFeed === -1 ? region.length : lineFeed;
        const item = readable(region.toString("utf8", at, end));
        if (item !== undefined) see(item);
        bytes += end + 1 - at;
        at = end + 1;
      }
      if (lines >= share.lines || bytes >= share.bytes) break;
    }
  } catch (cause) {
    signal?.throwIfAborted();
    if (cause instanceof DynalakeError) throw cause;
    // A partition without items gives an empty file.
    if (bytes === 0 && source.bytesRead === 0 && systemCode(cause) === "Z_BUF_ERROR") return;
    throw new DynalakeError("EXPORT_INVALID", `data/${basename(file)} is not a complete gzip file`, {
      cause,
    });
  } finally {
    source.destroy();
    gunzip.destroy();
  }
}

function readable(line: string): Item | undefined {
  try {
    return line.trim() === "" ? undefined : readExportLine(line);
  } catch (error) {
    if (error instanceof Rejection) return undefined;
    throw error;
  }
}
