/**
 * One data file of an export to one file of staged wire rows. This is the hot path of a snapshot: a faster way may stand
 * in its place if it keeps the contract of `transcode` and a property test proves its rows equal.
 */
import { isUtf8 } from "node:buffer";
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { basename } from "node:path";
import { createGunzip } from "node:zlib";
import type { RejectionReason } from "../core/change.ts";
import { Rejection } from "../core/change.ts";
import { DynalakeError } from "../core/error.ts";
import { readExportLine } from "../core/export-line.ts";
import { belongs } from "../core/selection.ts";
import { itemLine, type LineWriter } from "../core/wire-line.ts";
import { fileError, systemCode } from "./file-error.ts";
import { LINE_BYTES_MAX } from "./wire-files.ts";

export interface TranscodeTask {
  /** The data file: gzip of JSON lines. */
  readonly source: string;
  /** Where the wire rows go, as JSON lines. Not synced: a snapshot that is interrupted starts anew. */
  readonly target: string;
  readonly itemCount: number;
  /** Base64 of the MD5 of the data file. */
  readonly md5: string;
}

export interface Transcoded {
  /** Items that became rows. */
  readonly items: number;
  /** Items that belong to no lake table. */
  readonly skipped: number;
  readonly rejected: readonly RejectedLine[];
}

export interface RejectedLine {
  readonly reason: RejectionReason;
  readonly detail: string;
  readonly raw: string;
}

const READ_BYTES = 256 * 1024;
const INFLATE_BYTES = 1024 * 1024;
const REJECTED_MAX = 10_000;

/** Transcodes one file in bounded memory. Throws EXPORT_INVALID where it is not what the manifest tells, and DISK_FULL. */
export async function transcode(writer: LineWriter, task: TranscodeTask): Promise<Transcoded> {
  const name = basename(task.source);
  const md5 = createHash("md5");
  const source = createReadStream(task.source, { highWaterMark: READ_BYTES });
  source.on("data", (chunk) => md5.update(chunk));
  const gunzip = createGunzip({ chunkSize: INFLATE_BYTES });
  source.on("error", (error) => gunzip.destroy(error));
  const output = await open(task.target, "wx").catch((error: unknown) => {
    throw fileError(error, task.target);
  });
  const counts = { items: 0, skipped: 0, rejected: [] as RejectedLine[] };
  try {
    for await (const region of wholeLines(source.pipe(gunzip), name)) {
      await output.write(wireText(writer, region, counts)).catch((error: unknown) => {
        throw fileError(error, task.target);
      });
    }
  } catch (error) {
    throw sourceError(error, name);
  } finally {
    source.destroy();
    await output.close();
  }
  requireWhole(task, name, md5.digest("base64"), counts.items + counts.skipped + counts.rejected.length);
  return counts;
}

/** Regions of whole lines, without the last line feed. */
async function* wholeLines(chunks: AsyncIterable<Buffer>, name: string): AsyncGenerator<Buffer> {
  let tail: Buffer | undefined;
  for await (const chunk of chunks) {
    const data = tail === undefined ? chunk : Buffer.concat([tail, chunk]);
    const end = data.lastIndexOf(10);
    tail = end === data.length - 1 ? undefined : data.subarray(end + 1);
    if (tail !== undefined && tail.length > LINE_BYTES_MAX) {
      throw new DynalakeError(
        "EXPORT_INVALID",
        `data/${name} has a line of more than ${LINE_BYTES_MAX} bytes`,
      );
    }
    if (end >= 0) yield data.subarray(0, end);
  }
  if (tail !== undefined) yield tail;
}

/** The wire rows of a region, each ending in a line feed. */
function wireText(
  writer: LineWriter,
  region: Buffer,
  counts: { items: number; skipped: number; rejected: RejectedLine[] },
): string {
  const valid = isUtf8(region);
  let text = "";
  for (const line of region.toString("utf8").split("\n")) {
    if (line === "") continue;
    try {
      if (!valid && line.includes("\ufffd")) throw new Rejection("not-json", "The line is no valid UTF-8.");
      const item = readExportLine(line);
      if (!belongs(writer.codec.schema, item)) {
        counts.skipped++;
        continue;
      }
      const row = itemLine(writer, item);
      if (row === undefined) throw new Rejection("no-key");
      text += row;
      counts.items++;
    } catch (error) {
      if (!(error instanceof Rejection)) throw error;
      counts.rejected.push({ reason: error.reason, detail: error.message, raw: line });
      if (counts.rejected.length > REJECTED_MAX) {
        throw new DynalakeError(
          "EXPORT_INVALID",
          `more than ${REJECTED_MAX} lines of a data file hold no item`,
        );
      }
    }
  }
  return text;
}

function requireWhole(task: TranscodeTask, name: string, md5: string, items: number): void {
  if (md5 !== task.md5) throw new DynalakeError("EXPORT_INVALID", `data/${name} does not match its checksum`);
  if (items !== task.itemCount) {
    throw new DynalakeError(
      "EXPORT_INVALID",
      `data/${name} has ${items} items, the manifest tells of ${task.itemCount}`,
    );
  }
}

function sourceError(error: unknown, name: string): unknown {
  if (error instanceof DynalakeError) return error;
  const code = systemCode(error) ?? "";
  if (code.startsWith("Z_")) {
    return new DynalakeError("EXPORT_INVALID", `data/${name} is no whole gzip file`, { cause: error });
  }
  return code === "" ? error : fileError(error, `data/${name}`);
}
