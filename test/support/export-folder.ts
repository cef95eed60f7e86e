/** Exports in the layout of ExportTableToPointInTime, intact or damaged as a test requests. */
import { createHash } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import type { Item } from "../../src/core/values/attribute-value.ts";

export interface ExportDataFile {
  /** The content: lines, or the bytes to write in place of their gzip. "missing" writes no file. */
  readonly content: readonly string[] | Uint8Array | "missing";
  /** What the manifest claims, if it differs from the file. */
  readonly itemCount?: number;
  readonly md5?: string;
  readonly key?: string;
}

export interface ExportToWrite {
  readonly files: readonly ExportDataFile[];
  readonly exportTime?: string;
  /** Members that replace those of manifest-summary.json. */
  readonly summary?: Readonly<Record<string, unknown>>;
}

/** The place of an export: below `prefix` in a bucket, with the export `id`. */
export interface ExportPlace {
  readonly prefix: string;
  readonly id: string;
}

export const EXPORT_ID = "01693685827463-2d8752fd";
export const EXPORT_TIME = "2026-03-01T10:00:00.000Z";

/** The line of an item in a data file. */
export function exportLine(item: Item): string {
  return `{"Item":${JSON.stringify(item)}}`;
}

/** Writes an export below `folder`, and returns the folder with its manifests. */
export async function writeExport(folder: string, request: ExportToWrite): Promise<string> {
  const home = join(folder, "AWSDynamoDB", EXPORT_ID);
  await mkdir(join(home, "data"), { recursive: true });
  for (const [name, content] of exportObjects(request, { prefix: "", id: EXPORT_ID }))
    await writeFile(join(home, name), content);
  await writeFile(join(home, "..", `${EXPORT_ID}_started`), "");
  return home;
}

/** The objects of an export by name: data files, and manifests with their MD5 files. */
export function exportObjects(
  request: ExportToWrite,
  place: ExportPlace,
): ReadonlyMap<string, string | Uint8Array> {
  const folder = `${place.prefix}AWSDynamoDB/${place.id}/`;
  const objects = new Map<string, string | Uint8Array>();
  let items = 0;
  let manifest = "";
  for (const [i, file] of request.files.entries()) {
    const name = `data/data${String(i).padStart(3, "0")}.json.gz`;
    const bytes = bytesOf(file.content);
    if (bytes !== undefined) objects.set(name, bytes);
    const itemCount = file.itemCount ?? (Array.isArray(file.content) ? file.content.length : 0);
    items += itemCount;
    const entry = {
      itemCount,
      md5Checksum: file.md5 ?? md5Of(bytes ?? new Uint8Array()),
      etag: "46ad1b9cbf1b2a5a1c0b7b2c1d0e0f00-1",
      dataFileS3Key: file.key ?? `${folder}${name}`,
    };
    manifest += `${JSON.stringify(entry)}\n`;
  }
  const summary = {
    ...summaryOf(request, items, place.id),
    manifestFilesS3Key: `${folder}manifest-files.json`,
  };
  for (const [stem, text] of [
    ["manifest-files", manifest],
    ["manifest-summary", JSON.stringify({ ...summary, ...request.summary })],
  ] as const) {
    objects.set(`${stem}.json`, text);
    objects.set(`${stem}.md5`, md5Of(text));
  }
  return objects;
}

/** Writes a manifest, or any other text in its place, with its MD5 file. */
export async function writeManifest(home: string, stem: string, text: string | Uint8Array): Promise<void> {
  await writeFile(join(home, `${stem}.json`), text);
  await writeFile(join(home, `${stem}.md5`), md5Of(text));
}

function summaryOf(request: ExportToWrite, itemCount: number, id: string): Readonly<Record<string, unknown>> {
  const exportTime = request.exportTime ?? EXPORT_TIME;
  return {
    version: "2020-06-30",
    exportArn: `arn:aws:dynamodb:eu-west-1:123456789012:table/Reviews/export/${id}`,
    startTime: exportTime,
    endTime: exportTime,
    tableArn: "arn:aws:dynamodb:eu-west-1:123456789012:table/Reviews",
    tableId: "00000000-0000-0000-0000-000000000000",
    exportTime,
    s3Bucket: "exports",
    s3Prefix: null,
    s3SseAlgorithm: "AES256",
    s3SseKmsKeyId: null,
    billedSizeBytes: 0,
    itemCount,
    outputFormat: "DYNAMODB_JSON",
    exportType: "FULL_EXPORT",
  };
}

function bytesOf(content: ExportDataFile["content"]): Uint8Array | undefined {
  if (content === "missing") return undefined;
  if (content instanceof Uint8Array) return content;
  return gzipSync((content as readonly string[]).map((line) => `${line}\n`).join(""));
}

export function md5Of(content: string | Uint8Array): string {
  return createHash("md5").update(content).digest("base64");
}
