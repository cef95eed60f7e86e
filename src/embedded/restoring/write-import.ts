/**
 * Writes the items of a lake table where DynamoDB's import reads them. What is cut in the middle leaves no mark in the bucket, and is
 * begun anew.
 */
import { basename } from "node:path";
import { isoText } from "../../core/row/iso-text.ts";
import type { ImportBucket } from "../../source/import-bucket.ts";
import type { ExportFolder } from "../exports/export-folder.ts";
import { type PinnedItems, withPinnedItems } from "./pinned-items.ts";
import type { ImportPlan, RestorePlace } from "./restore-plan.ts";

export interface ImportWork extends RestorePlace {
  readonly bucket: ImportBucket;
  /** The input of the import that reads the files. */
  readonly importTable: object;
  readonly onProgress: (progress: ImportProgress) => void;
}

export interface ImportProgress {
  /** pinning: items of the lake written down. uploading: files. */
  readonly step: "pinning" | "uploading";
  readonly done: number;
  readonly total?: number;
}

export interface WrittenImport extends PinnedItems {
  readonly asOfSeconds: number;
  readonly files: number;
  /** What is in the bucket, compressed. */
  readonly storedBytes: number;
  /** The address of the mark. */
  readonly manifest: string;
}

/**
 * Uncompressed: files of a middle size are imported side by side, an import takes 50,000 of them, and each is in memory once. Source:
 * "Best practices for importing from Amazon S3 into DynamoDB",
 * docs.aws.amazon.com/amazondynamodb/latest/developerguide/S3DataImport.BestPractices.html.
 */
const DATA_FILE_BYTES_MAX = 128_000_000;

/** Fails as a query of the lake does, as writing to the bucket does, and with DISK_FULL. */
export async function writeImport(work: ImportWork, plan: ImportPlan): Promise<WrittenImport> {
  const { bucket, onProgress } = work;
  await bucket.requireEmpty();
  const pin = {
    place: work,
    asOfSeconds: plan.asOfSeconds,
    dataFileBytesMax: DATA_FILE_BYTES_MAX,
    onItems: (done: number) => onProgress({ step: "pinning", done }),
  };
  try {
    return await withPinnedItems(pin, (pinned) => upload(work, plan, pinned));
  } catch (error) {
    await bucket.abandon(); // breakage: cut-import-is-taken-back
    throw error;
  }
}

async function upload(
  { bucket, opened, importTable, signal, onProgress }: ImportWork,
  plan: ImportPlan,
  {
    items,
    bytes,
    asOfSeconds,
    folder,
  }: PinnedItems & {
    readonly asOfSeconds: number;
    readonly folder: ExportFolder;
  },
): Promise<WrittenImport> {
  const { parts } = folder;
  const files: object[] = [];
  let storedBytes = 0;
  for (const part of parts) {
    signal.throwIfAborted();
    const stored = await bucket.upload(part);
    storedBytes += stored;
    files.push({ name: basename(part.file), items: part.itemCount, bytes: stored, md5: part.md5 });
    onProgress({ step: "uploading", done: files.length, total: parts.length });
  }
  const { table } = opened.schema;
  const asOf = isoText(asOfSeconds * 1000);
  const { lacks } = plan;
  const what = { dynalake: "import", table, asOf, items, bytes, lacks, files, importTable };
  return {
    asOfSeconds,
    items,
    bytes,
    files: files.length,
    storedBytes,
    manifest: await bucket.complete(what),
  };
}
