/**
 * Items as other tools leave them on this machine: the folder of an export by AWS Data Pipeline or EMR, a file of
 * `aws dynamodb scan`, or the lines that dynalake's `items` prints; with gzip or without.
 */
import { createReadStream } from "node:fs";
import { open, readdir, realpath, stat } from "node:fs/promises";
import { basename, join, sep } from "node:path";
import { createGunzip } from "node:zlib";
import * as z from "zod/mini";
import { checkedShape } from "../../core/checked-shape.ts";
import { grouped } from "../../core/counted.ts";
import { DynalakeError } from "../../core/error.ts";
import { type JsonDocument, jsonDocuments, NotJson } from "../../core/values/json-documents.ts";
import { elementTexts, memberTexts } from "../../core/values/json-slices.ts";
import { systemCode, systemReason } from "../../files/file-error.ts";
import type { GivenFile } from "../../files/given-file.ts";
import { isGzip } from "../../files/gzip.ts";
import { wholeLines } from "../../transcode/whole-lines.ts";
import { readBounded } from "./export-folder.ts";

/** The names of files that hold items, from the folder of Data Pipeline or EMR. */
const DATA_FILE = /^[A-Za-z0-9][A-Za-z0-9_.-]*$/;

/** A document, unlike lines, is read whole. */
const DOCUMENT_BYTES_MAX = 256 * 1024 * 1024;

/** The files that hold items, or undefined where it is no source of this kind. Throws EXPORT_INVALID if it is one that is not whole. */
export async function otherItemFiles({ name, path }: GivenFile): Promise<readonly GivenFile[] | undefined> {
  const facts = await stat(path).catch(() => undefined);
  if (facts?.isFile()) return [{ name, path }];
  if (facts?.isDirectory() !== true) return undefined;
  const names = await readdir(path);
  if (names.includes("manifest-summary.json") || names.includes("AWSDynamoDB")) return undefined;
  if (names.includes("manifest")) return listedFiles({ name, path });
  if (!names.includes("_SUCCESS")) return undefined;
  return Promise.all(
    names.filter((each) => DATA_FILE.test(each)).map((each) => inside({ name, path }, each)),
  );
}

const manifestShape = z.object({ entries: z.array(z.object({ url: z.string() })) });

/** The files that the manifest of Data Pipeline lists by their addresses in S3. */
async function listedFiles(folder: GivenFile): Promise<readonly GivenFile[]> {
  const content = await readBounded(join(folder.path, "manifest"));
  let json: unknown;
  try {
    json = JSON.parse(content.toString("utf8"));
  } catch (cause) {
    throw new DynalakeError("EXPORT_INVALID", `${folder.name}/manifest is not valid JSON`, { cause });
  }
  const result = checkedShape(manifestShape, json);
  if (!result.success)
    throw new DynalakeError("EXPORT_INVALID", `${folder.name}/manifest lists no files as \`entries\``);
  const names = new Set(result.data.entries.map(({ url }) => basename(url)));
  return Promise.all([...names].map((each) => inside(folder, each)));
}

/** Throws EXPORT_INVALID for a file that is missing, or leads out of the folder. */
async function inside(folder: GivenFile, name: string): Promise<GivenFile> {
  const shown = `${folder.name}/${name}`;
  const real = DATA_FILE.test(name)
    ? await realpath(join(folder.path, name)).catch(() => undefined)
    : undefined;
  if (real === undefined || !(await stat(real)).isFile())
    throw new DynalakeError("EXPORT_INVALID", `${shown} is missing`);
  // breakage: other-export-links-inside
  if (!real.startsWith((await realpath(folder.path)) + sep))
    throw new DynalakeError("EXPORT_INVALID", `${shown} leads outside the export`);
  return { name: shown, path: real };
}

/** The texts of the items, some at a time, blank lines left out. Throws EXPORT_INVALID where a file is torn, or ends before its table does. */
export async function* itemTexts(file: GivenFile): AsyncGenerator<readonly string[]> {
  try {
    if (await isDocument(file.path)) yield* documentItems(file);
    else yield* lineItems(file);
  } catch (cause) {
    if (cause instanceof DynalakeError) throw cause;
    if (cause instanceof TypeError)
      throw new DynalakeError("EXPORT_INVALID", `${file.name} is not UTF-8 text`, { cause });
    if (systemCode(cause) === undefined) throw cause;
    throw new DynalakeError("EXPORT_INVALID", `${file.name} cannot be read: ${systemReason(cause)}`, {
      cause,
    });
  }
}

/** Whether it is an answer of Scan, or anything else that is one JSON text over many lines, rather than one item in each. It may begin with a byte order mark. */
async function isDocument(path: string): Promise<boolean> {
  for await (const chunk of contentOf(path))
    return /^(?:\u00ef\u00bb\u00bf)?\s*(?:\[|\{\s*(?:\r?\n|"Items"\s*:\s*\[))/.test(chunk.toString("latin1"));
  return false;
}

async function* lineItems({ name, path }: GivenFile): AsyncGenerator<readonly string[]> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  for await (const region of wholeLines(contentOf(path), basename(name))) {
    const lines = decoder.decode(region).split("\n");
    yield lines.map((line) => line.trim()).filter((line) => line !== "");
  }
}

async function* documentItems({ name, path }: GivenFile): AsyncGenerator<readonly string[]> {
  const text = new TextDecoder("utf-8", { fatal: true }).decode(await wholeContent({ name, path }));
  let isLastPage = true;
  try {
    for (const document of jsonDocuments(text)) {
      yield itemsOfDocument(document);
      isLastPage = !goesOn(document.value);
    }
  } catch (cause) {
    if (!(cause instanceof NotJson)) throw cause;
    throw new DynalakeError("EXPORT_INVALID", `${name} is not whole: ${cause.message}`, { cause });
  }
  // breakage: scan-read-to-its-end
  if (!isLastPage) {
    throw new DynalakeError(
      "EXPORT_INVALID",
      `${name} ends before the scan did: its last page names a next one`,
      {
        next: "Scan the table to its end: without --max-items, --no-paginate and --starting-token.",
      },
    );
  }
}

function itemsOfDocument({ text, value }: JsonDocument): readonly string[] {
  const ofScan =
    !Array.isArray(value) && Array.isArray((value as { readonly Items?: unknown } | null)?.Items);
  const [items = text] = ofScan ? memberTexts(text, "Items") : [text];
  const texts = ofScan || Array.isArray(value) ? elementTexts(items) : [items];
  // Line breaks stand between the members of a JSON text, never inside of a string.
  return texts.map((each) => each.replaceAll(/[\r\n]+/g, " "));
}

/** Whether the answer of a scan names the page after it: the service's own, or the CLI's. */
function goesOn(value: unknown): boolean {
  const { LastEvaluatedKey, NextToken } = (value ?? {}) as Readonly<Record<string, unknown>>;
  return (LastEvaluatedKey ?? NextToken ?? undefined) !== undefined;
}

async function wholeContent({ name, path }: GivenFile): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of contentOf(path)) {
    bytes += chunk.length;
    if (bytes > DOCUMENT_BYTES_MAX) {
      throw new DynalakeError(
        "EXPORT_INVALID",
        `${name} is one JSON text of more than ${grouped(DOCUMENT_BYTES_MAX)} bytes`,
        { next: "Write one item in each line, for example with `jq -c '.Items[]'`." },
      );
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** The file's bytes, unpacked. */
async function* contentOf(path: string): AsyncGenerator<Buffer> {
  const source = createReadStream(path);
  const gunzip = createGunzip();
  source.on("error", (error) => gunzip.destroy(error));
  try {
    yield* (await isPacked(path)) ? source.pipe(gunzip) : source;
  } finally {
    source.destroy();
    gunzip.destroy();
  }
}

async function isPacked(path: string): Promise<boolean> {
  const handle = await open(path, "r");
  try {
    return isGzip((await handle.read(Buffer.alloc(2), 0, 2, 0)).buffer);
  } finally {
    await handle.close();
  }
}
