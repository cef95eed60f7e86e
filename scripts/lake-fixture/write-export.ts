/** Exports as DynamoDB writes them. */
import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import type { Item } from "./data.ts";

/** Writes an export of the table Shop into a folder, in the layout of DynamoDB. */
export function writeExport(folder: string, atSeconds: number, items: readonly Item[]): void {
  const id = "01700000000000-0123abcd";
  const home = join(folder, "AWSDynamoDB", id);
  const prefix = `AWSDynamoDB/${id}`;
  const time = new Date(atSeconds * 1000).toISOString();
  const content = gzipSync(items.map((Item) => `${JSON.stringify({ Item })}\n`).join(""));
  const md5 = (bytes: Uint8Array): string => createHash("md5").update(bytes).digest("base64");
  const write = (path: string, bytes: Uint8Array | string): void => {
    mkdirSync(dirname(join(home, path)), { recursive: true });
    writeFileSync(join(home, path), bytes);
  };
  const arn = "arn:aws:dynamodb:eu-west-1:111122223333:table/Shop";
  const files = `${JSON.stringify({
    itemCount: items.length,
    md5Checksum: md5(content),
    etag: `${"0".repeat(32)}-1`,
    dataFileS3Key: `${prefix}/data/part.json.gz`,
  })}\n`;
  const summary = JSON.stringify({
    version: "2020-06-30",
    exportArn: `${arn}/export/${id}`,
    startTime: time,
    endTime: time,
    tableArn: arn,
    tableId: "00000000-0000-4000-8000-000000000000",
    exportTime: time,
    s3Bucket: "bucket",
    s3Prefix: null,
    manifestFilesS3Key: `${prefix}/manifest-files.json`,
    billedSizeBytes: 1,
    itemCount: items.length,
    outputFormat: "DYNAMODB_JSON",
    exportType: "FULL_EXPORT",
  });
  write("data/part.json.gz", content);
  write("manifest-files.json", files);
  write("manifest-files.md5", md5(Buffer.from(files)));
  write("manifest-summary.json", summary);
  write("manifest-summary.md5", md5(Buffer.from(summary)));
}
