/** Exports as ExportTableToPointInTime lays them out, whole or damaged in a way that the test asks for. */
import { createHash } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import type { Item } from "../../src/core/attribute-value.ts";

export interface ExportDataFile {
  /** What is in the file: lines, or bytes in place of a gzip of lines. "missing" writes none. */
  readonly content: readonly string[] | Uint8Array | "missing";
  /** What the manifest tells, where that is not what the file holds. */
  readonly itemCount?: number;
  readonly md5?: string;
  readonly key?: string;
}

export interface ExportToWrite {
  readonly files: readonly ExportDataFile[];
  readonly exportTime?: string;
  /** Members of manifest-summary.json that replace its own. */
  readonly summary?: Readonly<Record<string, unknown>>;
}

export const EXPORT_ID = "01693685827463-2d8752fd";
export const EXPORT_TIME = "2026-03-01T10:00:00.000Z";

/** The line of an item in a data file. */
export function exportLine(item: Item): string {
  return `{"Item":${JSON.stringify(item)}}`;
}

/** Writes an export below `folder` and returns its home: the folder with the manifests. */
export async function writeExport(folder: string, request: ExportToWrite): Promise<string> {
  const home = join(folder, "AWSDynamoDB", EXPORT_ID);
  await mkdir(join(home, "data"), { recursive: true });
  let items = 0;
  let manifest = "";
  for (const [i, file] of request.files.entries()) {
    const name = `data${String(i).padStart(3, "0")}.json.gz`;
    const bytes = bytesOf(file.content);
    if (bytes !== undefined) await writeFile(join(home, "data", name), bytes);
    const itemCount = file.itemCount ?? (Array.isArray(file.content) ? file.content.length : 0);
    items += itemCount;
    const entry = {
      itemCount,
      md5Checksum: file.md5 ?? md5Of(bytes ?? new Uint8Array()),
      etag: "46ad1b9cbf1b2a5a1c0b7b2c1d0e0f00-1",
      dataFileS3Key: file.key ?? `AWSDynamoDB/${EXPORT_ID}/data/${name}`,
    };
    manifest += `${JSON.stringify(entry)}\n`;
  }
  await writeManifest(home, "manifest-files", manifest);
  await writeManifest(home, "manifest-summary", JSON.stringify(summaryOf(request, items)));
  await writeFile(join(home, "..", `${EXPORT_ID}_started`), "");
  return home;
}

/** Writes a manifest, or anything in its place, with its MD5 beside it. */
export async function writeManifest(home: string, stem: string, text: string | Uint8Array): Promise<void> {
  await writeFile(join(home, `${stem}.json`), text);
  await writeFile(join(home, `${stem}.md5`), md5Of(text));
}

function summaryOf(request: ExportToWrite, itemCount: number): Readonly<Record<string, unknown>> {
  const exportTime = request.exportTime ?? EXPORT_TIME;
  return {
    version: "2020-06-30",
    exportArn: `arn:aws:dynamodb:eu-west-1:123456789012:table/Reviews/export/${EXPORT_ID}`,
    startTime: exportTime,
    endTime: exportTime,
    tableArn: "arn:aws:dynamodb:eu-west-1:123456789012:table/Reviews",
    tableId: "00000000-0000-0000-0000-000000000000",
    exportTime,
    s3Bucket: "exports",
    s3Prefix: null,
    s3SseAlgorithm: "AES256",
    s3SseKmsKeyId: null,
    manifestFilesS3Key: `AWSDynamoDB/${EXPORT_ID}/manifest-files.json`,
    billedSizeBytes: 0,
    itemCount,
    outputFormat: "DYNAMODB_JSON",
    exportType: "FULL_EXPORT",
    ...request.summary,
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
