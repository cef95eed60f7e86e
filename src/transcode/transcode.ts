/**
 * One data file of an export to wire rows, in both deployments. This is the hot path of a snapshot: most lines go the fast way,
 * from bytes to bytes; each line that it gives up is parsed. A property test proves the rows equal.
 */
import { isUtf8 } from "node:buffer";
import { createHash } from "node:crypto";
import type { Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { Rejection } from "../core/change/change.ts";
import { belongs } from "../core/change/selection.ts";
import { counted, grouped } from "../core/counted.ts";
import { DynalakeError } from "../core/error.ts";
import { readExportLine } from "../core/exports/export-line.ts";
import { LineCursor } from "../core/fast-line/cursor.ts";
import { type FastLine, fastLine, GIVEN_UP, TAKEN } from "../core/fast-line/fast-line.ts";
import { type Sightings, sightingsOf } from "../core/infer/sightings.ts";
import { itemLine, LINE_BYTES_MAX, type LineWriter } from "../core/row/wire-line.ts";
import type { QuarantinedRecord } from "../core/table/quarantine.ts";
import { type SeenLines, seenLines } from "./seen-lines.ts";
import { LINE_FEED, wholeLines } from "./whole-lines.ts";

interface ExportPartFacts {
  /** The file's name, for errors. */
  readonly name: string;
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
  /** What was seen of the items, if it was asked for. */
  readonly sightings?: Sightings;
}

export interface TranscodingOptions {
  /** Whether to see what the items are made of. Default: no. */
  readonly sees?: boolean;
}

/** As quarantine keeps it. */
type RejectedLine = Pick<QuarantinedRecord, "reason" | "detail" | "raw" | "encoding">;

const INFLATE_BYTES = 1024 * 1024;
const OUTPUT_BYTES = 1024 * 1024;
/** The room that is kept from one piece of output to the next. */
const OUTPUT_BYTES_KEPT_MAX = 8 * OUTPUT_BYTES;
const REJECTED_MAX = 10_000;
const REJECTED_CHARACTERS_MAX = 64 * 1024 * 1024;
/** An export has no blank lines; a few do no harm, thousands of millions of them come out of a few megabytes of gzip. */
const BLANK_LINES_MAX = 10_000;
/** With this many items more than the manifest says, the file is not read on to its end, where its checksum would be checked. */
const ITEMS_TOO_MANY_MAX = 100_000;

/**
 * Transcodes the gzip of JSON lines from `source` in bounded memory; `write` gets the wire rows piece by piece and must be
 * done with each before it returns. Throws EXPORT_INVALID if the file is not what the manifest says.
 */
export async function transcodePart(
  writer: LineWriter,
  part: ExportPartFacts,
  source: Readable,
  write: (piece: Uint8Array) => Promise<void>,
  { sees = false }: TranscodingOptions = {},
): Promise<Transcoded> {
  const { name } = part;
  const md5 = createHash("md5");
  let bytesRead = 0;
  const gunzip = createGunzip({ chunkSize: INFLATE_BYTES });
  source.on("error", (error) => gunzip.destroy(error));
  // Both listen before anything flows: what a source gives to the first listener is lost to a later one.
  source
    .on("data", (chunk: Buffer) => {
      md5.update(chunk);
      bytesRead += chunk.length;
    })
    .pipe(gunzip);
  const lines = new LineReader(writer, sees ? sightingsOf(writer.codec.schema) : undefined);
  const flush = async (): Promise<void> => {
    await write(lines.output.written());
    lines.output.clear(OUTPUT_BYTES_KEPT_MAX);
  };
  try {
    for await (const region of wholeLines(gunzip, name)) {
      for (let at = 0; at < region.length; ) {
        at = lines.read(region, at);
        requireNoMore(part, lines);
        if (lines.output.length >= OUTPUT_BYTES) await flush();
      }
    }
    await flush();
  } catch (error) {
    // A partition without items gives an empty file (AWS: DynamoDB developer guide, "DynamoDB table export output format").
    if (bytesRead > 0 || codeOf(error) !== "Z_BUF_ERROR") throw gzipError(error, name);
  } finally {
    source.destroy();
  }
  const { items, skipped, rejected } = lines;
  if (gunzip.bytesWritten !== bytesRead)
    throw new DynalakeError("EXPORT_INVALID", `data/${name} has bytes after the end of its gzip`);
  requireWhole(part, md5.digest("base64"), items + skipped + rejected.length);
  const sightings = lines.seen?.all(items);
  return { items, skipped, rejected, ...(sightings === undefined ? {} : { sightings }) };
}

/** The lines of one data file as wire rows in `output`, and the count of them. */
class LineReader {
  readonly output: LineCursor = new LineCursor();
  items = 0;
  skipped = 0;
  blank = 0;
  readonly rejected: RejectedLine[] = [];
  #rejectedCharacters = 0;
  readonly #writer: LineWriter;
  readonly #fast: FastLine | undefined;

  readonly seen: SeenLines | undefined;

  constructor(writer: LineWriter, sightings: Sightings | undefined) {
    this.#writer = writer;
    this.seen = sightings && seenLines(writer.codec, sightings);
    this.#fast = fastLine(writer.codec, this.seen?.watch);
  }

  /** Reads the lines of the region from `start` on until a good piece of output is there; returns where the rest of them begins. */
  read(region: Buffer, start: number): number {
    const { output } = this;
    const isValid = isUtf8(start === 0 ? region : region.subarray(start));
    output.input = region;
    let at = start;
    while (at < region.length && output.length < OUTPUT_BYTES) {
      const lineFeed = region.indexOf(LINE_FEED, at);
      const end = lineFeed === -1 ? region.length : lineFeed;
      const outcome = isValid && this.#fast !== undefined ? this.#fast(output, at, end) : GIVEN_UP;
      if (outcome === TAKEN) this.items++;
      else if (outcome !== GIVEN_UP) this.skipped++;
      else if (end > at) this.#parse(region.subarray(at, end));
      else this.#passOverBlank();
      at = end + 1;
    }
    return at;
  }

  #passOverBlank(): void {
    if (++this.blank > BLANK_LINES_MAX)
      throw new DynalakeError(
        "EXPORT_INVALID",
        `the export has more than ${grouped(BLANK_LINES_MAX)} blank lines in a file`,
      );
  }

  #parse(bytes: Buffer): void {
    if (!isUtf8(bytes)) {
      const detail = "The line is not valid UTF-8.";
      this.#reject({ reason: "not-json", detail, raw: bytes.toString("base64"), encoding: "base64" });
      return;
    }
    const line = bytes.toString("utf8");
    if (line.trim() === "") {
      this.#passOverBlank();
      return;
    }
    try {
      const item = readExportLine(line);
      if (!belongs(this.#writer.codec.schema, item)) {
        this.skipped++;
        return;
      }
      const row = itemLine(this.#writer, item);
      if (row === undefined) throw new Rejection("no-key");
      const rowBytes = Buffer.from(row);
      if (rowBytes.length > LINE_BYTES_MAX) throw new Rejection("too-large");
      this.output.append(rowBytes);
      this.seen?.item(item);
      this.items++;
    } catch (error) {
      if (!(error instanceof Rejection)) throw error;
      this.#reject({ reason: error.reason, detail: error.message, raw: line });
    }
  }

  #reject(line: RejectedLine): void {
    this.rejected.push(line);
    this.#rejectedCharacters += line.raw.length;
    requireFewRejected(this.rejected.length, this.#rejectedCharacters);
  }
}

/** Some lines without an item go to quarantine; a file full of such lines is not an export. */
export function requireFewRejected(lines: number, characters: number): void {
  if (lines <= REJECTED_MAX && characters <= REJECTED_CHARACTERS_MAX) return;
  throw new DynalakeError(
    "EXPORT_INVALID",
    `${counted(lines, "line")} of the export hold no item: more than ${grouped(REJECTED_MAX)}, or too long to be kept`,
  );
}

/** Not only at the end, which is far away in a small file that inflates to a large one. */
function requireNoMore({ name, itemCount }: ExportPartFacts, { items, skipped, rejected }: Transcoded): void {
  if (items + skipped + rejected.length <= itemCount + ITEMS_TOO_MANY_MAX) return;
  throw new DynalakeError(
    "EXPORT_INVALID",
    `data/${name} has more than the ${counted(itemCount, "item")} that the manifest lists`,
  );
}

function requireWhole({ name, itemCount, md5: told }: ExportPartFacts, md5: string, items: number): void {
  // breakage: data-file-checksum-checked
  if (md5 !== told) throw new DynalakeError("EXPORT_INVALID", `data/${name} does not match its checksum`);
  if (items !== itemCount) {
    throw new DynalakeError(
      "EXPORT_INVALID",
      `data/${name} has ${counted(items, "item")}; the manifest says ${grouped(itemCount)}`,
    );
  }
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? "";
}

function gzipError(error: unknown, name: string): unknown {
  if (error instanceof DynalakeError || !codeOf(error).startsWith("Z_")) return error;
  return new DynalakeError("EXPORT_INVALID", `data/${name} is not a complete gzip file`, { cause: error });
}
