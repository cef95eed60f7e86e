/** Exports in the layout of ExportTableToPointInTime, complete or deliberately broken, written without dynalake's code. */
import { createHash } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import type { ItemJson } from "../support/cli.ts";

export interface ExportDraft {
  /** The export's folder: manifests here, data files in `data/`. */
  readonly home: string;
  /** The lines of manifest-files.json, before it is written. */
  readonly files: Record<string, unknown>[];
  /** manifest-summary.json, before it is written. */
  readonly summary: Record<string, unknown>;
}

export interface ExportShape {
  readonly table?: string;
  readonly exportTime?: string;
  readonly dataFiles?: number;
  /** Damages the draft before its manifests and checksums are written. */
  readonly before?: (draft: ExportDraft) => unknown;
  /** Damages the finished export. */
  readonly after?: (draft: ExportDraft) => unknown;
}

const EXPORT_ID = "01700000000000-0123abcd";

/** Writes an export into `folder` and returns its path. */
export async function writeExport(
  folder: string,
  items: readonly ItemJson[],
  shape: ExportShape = {},
): Promise<string> {
  const { table = "Source", exportTime = "2023-11-14T22:13:20.000Z", dataFiles = 2 } = shape;
  const home = join(folder, "AWSDynamoDB", EXPORT_ID);
  await mkdir(join(home, "data"), { recursive: true });
  const files: Record<string, unknown>[] = [];
  for (let file = 0; file < dataFiles; file++) {
    const own = items.filter((_, i) => i % dataFiles === file);
    const content = gzipSync(own.map((Item) => `${JSON.stringify({ Item })}\n`).join(""));
    await writeFile(join(home, "data", dataFileName(file)), content);
    files.push({
      itemCount: own.length,
      md5Checksum: md5(content),
      etag: `${"0".repeat(32)}-1`,
      dataFileS3Key: `exports/AWSDynamoDB/${EXPORT_ID}/data/${dataFileName(file)}`,
    });
  }
  const arn = `arn:aws:dynamodb:eu-central-1:111122223333:table/${table}`;
  const draft: ExportDraft = {
    home,
    files,
    summary: {
      version: "2020-06-30",
      exportArn: `${arn}/export/${EXPORT_ID}`,
      startTime: exportTime,
      endTime: exportTime,
      tableArn: arn,
      tableId: "00000000-0000-4000-8000-000000000000",
      exportTime,
      s3Bucket: "bucket",
      s3Prefix: "exports",
      s3SseAlgorithm: "AES256",
      s3SseKmsKeyId: null,
      manifestFilesS3Key: `exports/AWSDynamoDB/${EXPORT_ID}/manifest-files.json`,
      billedSizeBytes: 1,
      itemCount: items.length,
      outputFormat: "DYNAMODB_JSON",
      exportType: "FULL_EXPORT",
    },
  };
  await shape.before?.(draft);
  await writeManifest(
    home,
    "manifest-files",
    draft.files.map((file) => `${JSON.stringify(file)}\n`).join(""),
  );
  await writeManifest(home, "manifest-summary", JSON.stringify(draft.summary));
  await shape.after?.(draft);
  return folder;
}

export function dataFileName(file: number): string {
  return `${"abcdefghij".charAt(file)}aaaaaaaaaaaaaaaaaaaaaaaaa.json.gz`;
}

export function md5(content: Uint8Array): string {
  return createHash("md5").update(content).digest("base64");
}

async function writeManifest(home: string, stem: string, text: string): Promise<void> {
  await writeFile(join(home, `${stem}.json`), text);
  await writeFile(join(home, `${stem}.md5`), md5(Buffer.from(text)));
}
