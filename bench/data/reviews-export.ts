/**
 * A deterministic export of book reviews in the layout of ExportTableToPointInTime, about 590 bytes an item. It is made on all cores
 * and kept for later runs.
 */
import { fork } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdir, writeFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { cachedFolder } from "../cache-folder.ts";
import type { ExportFileRequest, WrittenExportFile } from "./write-export-file.ts";

const FILES = 8;

/** The schema that all jobs use. */
export const REVIEWS_SCHEMA = {
  table: "reviews",
  source: "Reviews",
  key: { hash: "User", range: "Book" },
  attributes: {
    User: { type: "string" },
    Book: { type: "string" },
    Rating: { type: "int" },
    Review: { type: "string" },
    Author: { type: "string" },
    ReviewedAt: { type: "timestamp", format: "epoch_millis" },
    Price: { type: "decimal(10,2)" },
    Tags: { type: "array<string>", set: true },
    Details: { type: "struct<publisher:string,pages:int,editions:array<struct<year:int,format:string>>>" },
    Helpful: { type: "boolean" },
  },
} as const;

/** The folder of an export of so many items. */
export function reviewsExport(items: number): Promise<string> {
  const cached = {
    name: `export-${items}`,
    madeBy: ["bench/data/review-lines.ts", "bench/data/write-export-file.ts"],
  };
  return cachedFolder(cached, (folder) => writeReviewsExport(folder, items));
}

async function writeReviewsExport(folder: string, items: number): Promise<void> {
  const prefix = "AWSDynamoDB/01700000000000-00000000";
  const home = join(folder, prefix);
  await mkdir(join(home, "data"), { recursive: true });
  const requests = Array.from(
    { length: FILES },
    (_, file): ExportFileRequest => ({
      path: join(home, "data", `${String(file).padStart(26, "0")}.json.gz`),
      seed: file + 1,
      from: Math.floor((items * file) / FILES),
      below: Math.floor((items * (file + 1)) / FILES),
    }),
  );
  const written = await writtenFiles(requests);
  const lines = requests.map(({ path, from, below }, file) =>
    JSON.stringify({
      itemCount: below - from,
      md5Checksum: written[file]?.md5,
      etag: "",
      dataFileS3Key: path.slice(folder.length + 1),
    }),
  );
  await writeManifest(home, "manifest-files", `${lines.join("\n")}\n`);
  const summary = {
    version: "2020-06-30",
    tableArn: "arn:aws:dynamodb:us-east-1:123456789012:table/Reviews",
    exportTime: "2023-11-14T22:13:20.000Z",
    manifestFilesS3Key: `${prefix}/manifest-files.json`,
    itemCount: items,
    outputFormat: "DYNAMODB_JSON",
  };
  await writeManifest(home, "manifest-summary", JSON.stringify(summary));
}

/** As many files at a time as there are cores. */
async function writtenFiles(requests: readonly ExportFileRequest[]): Promise<readonly WrittenExportFile[]> {
  const written: WrittenExportFile[] = [];
  const pending = requests.entries();
  const writeSome = async (): Promise<void> => {
    for (const [place, request] of pending) written[place] = await writtenFile(request);
  };
  await Promise.all(Array.from({ length: availableParallelism() }, writeSome));
  return written;
}

/** In a process of its own. */
async function writtenFile(request: ExportFileRequest): Promise<WrittenExportFile> {
  const script = fileURLToPath(new URL("write-export-file.ts", import.meta.url));
  const child = fork(script, [JSON.stringify(request)], { execArgv: ["--import", "tsx"] });
  let written: WrittenExportFile | undefined;
  child.once("message", (message: WrittenExportFile) => {
    written = message;
  });
  await once(child, "exit");
  if (written === undefined) throw new Error(`${request.path} was not written`);
  return written;
}

async function writeManifest(home: string, stem: string, text: string): Promise<void> {
  await writeFile(join(home, `${stem}.md5`), createHash("md5").update(text).digest("base64"));
  await writeFile(join(home, `${stem}.json`), text);
}
