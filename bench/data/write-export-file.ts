/** The process of `reviews-export.ts`: writes one file of an export. */
import { createHash } from "node:crypto";
import { open } from "node:fs/promises";
import { gzipSync } from "node:zlib";
import { ReviewLines } from "./review-lines.ts";

export interface ExportFileRequest {
  readonly path: string;
  readonly seed: number;
  /** Its items: from the first to below the last. */
  readonly from: number;
  readonly below: number;
}

export interface WrittenExportFile {
  /** As base64, as a manifest has it. */
  readonly md5: string;
}

const ITEMS_OF_PIECE = 5_000;

async function written({ path, seed, from, below }: ExportFileRequest): Promise<WrittenExportFile> {
  const lines = new ReviewLines(seed);
  const md5 = createHash("md5");
  const file = await open(path, "w");
  try {
    for (let start = from; start < below; start += ITEMS_OF_PIECE) {
      // Members of one gzip file may follow each other (RFC 1952, section 2.2).
      const piece = gzipSync(lines.text(start, Math.min(below, start + ITEMS_OF_PIECE)), { level: 6 });
      md5.update(piece);
      await file.write(piece);
    }
  } finally {
    await file.close();
  }
  return { md5: md5.digest("base64") };
}

process.send?.(await written(JSON.parse(process.argv[2] ?? "{}")));
