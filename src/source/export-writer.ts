/** Writes the export that a scan makes, in the layout of ExportTableToPointInTime. */
import { createHash, randomBytes } from "node:crypto";
import { open, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileError } from "../files/file-error.ts";
import { makeFolder } from "../files/folder-store.ts";
import { DataFileWriter } from "./data-file-writer.ts";
import type { SourceDescription } from "./describe-source.ts";

/** For files that are read on this machine: each is the work of one thread. */
const DATA_FILE_BYTES_MAX = 64_000_000;

/** What is known of the exported table. */
type ExportedTable = Partial<Pick<SourceDescription, "arn" | "tableId">>;

interface DataFileEntry {
  readonly itemCount: number;
  readonly md5Checksum: string;
  readonly etag: string;
  readonly dataFileS3Key: string;
}

/**
 * Writes `AWSDynamoDB/<ExportId>/` with `_started`, gzipped data files, and two manifests, each with its MD5 in a file next
 * to it. Fails with DISK_FULL or STORE_FAILED. Source: "DynamoDB table export output format",
 * docs.aws.amazon.com/amazondynamodb/latest/developerguide/S3DataExport.Output.html.
 */
export class ExportWriter {
  readonly exportFolder: string;
  readonly #exportId: string;
  readonly #source: ExportedTable;
  readonly #exportTimeMs: number;
  readonly #dataFileBytesMax: number;
  readonly #entries: DataFileEntry[] = [];
  readonly #open: Set<DataFileWriter> = new Set();
  #bytes = 0;

  /** `dataFileBytesMax`: uncompressed bytes at which a data file is closed and the next one started. */
  constructor(
    folder: string,
    source: ExportedTable,
    exportTimeMs: number,
    dataFileBytesMax: number = DATA_FILE_BYTES_MAX,
  ) {
    this.#exportId = `${String(exportTimeMs).padStart(14, "0")}-${randomBytes(4).toString("hex")}`;
    this.exportFolder = join(folder, "AWSDynamoDB", this.#exportId);
    this.#source = source;
    this.#exportTimeMs = exportTimeMs;
    this.#dataFileBytesMax = dataFileBytesMax;
  }

  async begin(): Promise<void> {
    await this.#stored(async () => {
      await makeFolder(join(this.exportFolder, "data"));
      await writeFile(join(this.exportFolder, "_started"), "");
    });
  }

  /** A lane for one worker, with its own data files: the items of a page stay together, and no worker waits for another. */
  lane(): ExportLane {
    let file: DataFileWriter | undefined;
    const close = async (): Promise<void> => {
      const closing = file;
      file = undefined;
      if (closing !== undefined) await this.#stored(() => this.#closeFile(closing));
    };
    return {
      write: async (lines, items) => {
        file ??= this.#openFile();
        const writing = file;
        await this.#stored(() => writing.write(lines, items));
        if (writing.bytes >= this.#dataFileBytesMax) await close();
      },
      close,
    };
  }

  /** Completes the export. `bytes`: what its lines have, uncompressed. */
  async finish(endTimeMs: number): Promise<{ readonly items: number; readonly bytes: number }> {
    const items = this.#entries.reduce((sum, entry) => sum + entry.itemCount, 0);
    await this.#stored(async () => {
      // Even an empty table exports a file, and readers may rely on one.
      if (this.#entries.length === 0) await this.#closeFile(this.#openFile());
      const files = this.#entries.map((entry) => `${JSON.stringify(entry)}\n`).join("");
      await this.#writeManifest("manifest-files", files);
      // The commit point: without its summary an export is unfinished.
      await this.#writeManifest("manifest-summary", JSON.stringify(this.#summary(items, endTimeMs)));
    });
    return { items, bytes: this.#bytes };
  }

  /** Removes everything written. The folder's name is unique to this writer, so the folder holds nothing else. */
  async abandon(): Promise<void> {
    await Promise.all([...this.#open].map((file) => file.destroy()));
    // A failed removal must not hide the failure that led here. Without manifests the remains are not read as an export.
    await rm(this.exportFolder, { recursive: true, force: true }).catch(() => undefined);
  }

  #openFile(): DataFileWriter {
    const letters = [...randomBytes(26)].map((byte) => "abcdefghijklmnopqrstuvwxyz234567"[byte % 32]);
    const file = new DataFileWriter(this.exportFolder, `${letters.join("")}.json.gz`);
    this.#open.add(file);
    return file;
  }

  async #closeFile(file: DataFileWriter): Promise<void> {
    const md5 = await file.close();
    this.#open.delete(file);
    this.#bytes += file.bytes;
    this.#entries.push({
      itemCount: file.items,
      md5Checksum: md5.toString("base64"),
      etag: `${createHash("md5").update(md5).digest("hex")}-1`,
      dataFileS3Key: `AWSDynamoDB/${this.#exportId}/data/${file.name}`,
    });
  }

  async #writeManifest(stem: string, text: string): Promise<void> {
    const md5 = createHash("md5").update(text).digest("base64");
    await writeWhole(join(this.exportFolder, `${stem}.md5`), md5);
    await writeWhole(join(this.exportFolder, `${stem}.json`), text);
  }

  #summary(items: number, endTimeMs: number): Readonly<Record<string, unknown>> {
    const startTime = new Date(this.#exportTimeMs).toISOString();
    return {
      version: "2020-06-30",
      exportArn: `${this.#source.arn ?? ""}/export/${this.#exportId}`,
      startTime,
      endTime: new Date(endTimeMs).toISOString(),
      tableArn: this.#source.arn,
      tableId: this.#source.tableId ?? null,
      exportTime: startTime,
      s3Bucket: "local",
      s3Prefix: null,
      s3SseAlgorithm: null,
      s3SseKmsKeyId: null,
      manifestFilesS3Key: `AWSDynamoDB/${this.#exportId}/manifest-files.json`,
      billedSizeBytes: this.#bytes,
      itemCount: items,
      outputFormat: "DYNAMODB_JSON",
      exportType: "FULL_EXPORT",
    };
  }

  async #stored<T>(run: () => Promise<T>): Promise<T> {
    try {
      return await run();
    } catch (error) {
      throw fileError(error, this.exportFolder);
    }
  }
}

export interface ExportLane {
  /** Appends whole lines; resolves when there is room for more. */
  write(lines: string, items: number): Promise<void>;
  close(): Promise<void>;
}

async function writeWhole(path: string, text: string): Promise<void> {
  const partial = `${path}.partial`;
  const file = await open(partial, "wx");
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(partial, path);
}
