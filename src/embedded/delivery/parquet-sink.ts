/** Delivery into the change log on this machine: what Firehose does on AWS, by DuckDB. */
import { randomBytes } from "node:crypto";
import { open, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { DynalakeError } from "../../core/error.ts";
import { changeObjectPath } from "../../core/format/lake-path.ts";
import type { ChangeSink, DeliveredRow } from "../../core/ports/change-sink.ts";
import { type BatchLimits, type PackedRecord, packLines, recordContent } from "../../core/row/pack-lines.ts";
import {
  changeWireColumns,
  LINE_BYTES_MAX,
  type WireColumn,
  type WireLine,
} from "../../core/row/wire-line.ts";
import type { Schema } from "../../core/schema/schema.ts";
import { fileError } from "../../files/file-error.ts";
import { makeFolder, publish, temporaryPath } from "../../files/folder-store.ts";
import { writeAll } from "../../files/write-all.ts";
import { copyToParquet } from "../duckdb/duckdb-engine.ts";
import type { DuckdbSession } from "../duckdb/duckdb-session.ts";
import { wireFiles } from "../duckdb/wire-files.ts";

/** No service bounds a delivery here; these bound the memory that one takes. */
export const FILE_LIMITS: BatchLimits = {
  recordBytesMax: LINE_BYTES_MAX,
  batchRecordsMax: 4,
  batchBytesMax: 64 * 1024 * 1024,
};

export function parquetSink(root: string, schema: Schema, session: DuckdbSession): ChangeSink {
  const columns = changeWireColumns(schema);
  return {
    deliver: async (rows, arrivedAtSeconds) => {
      const lines = rows.map((row) => row.line);
      const { batches, oversized } = packLines(lines, FILE_LIMITS);
      if (oversized.length > 0) throw new Error("a row larger than the limit was not quarantined");
      for (const records of batches) {
        const own = rows.slice(records[0]?.from, records.at(-1)?.below);
        const newestSeconds = newest(own);
        // A change arrives after it was made: where this machine's clock says otherwise, the clock is behind.
        const hourSeconds = Math.max(arrivedAtSeconds, newestSeconds);
        const id = randomBytes(6).toString("hex");
        const path = changeObjectPath(schema.table, hourSeconds, newestSeconds, id);
        await writeObject(session, columns, contents(lines, records), own.length, join(root, path));
      }
    },
  };
}

/** One record after the other, so that not all of them take memory at once. */
function* contents(lines: readonly WireLine[], records: readonly PackedRecord[]): Generator<Uint8Array> {
  for (const record of records) yield recordContent(lines, record);
}

function newest(rows: readonly DeliveredRow[]): number {
  return rows.reduce((seconds, row) => Math.max(seconds, row.changedAtSeconds), 0);
}

/** JSON lines to Parquet, visible only when whole and durable. */
async function writeObject(
  session: DuckdbSession,
  columns: readonly WireColumn[],
  content: Iterable<Uint8Array>,
  rows: number,
  target: string,
): Promise<void> {
  const source = `${temporaryPath(target)}.jsonl`;
  const parquet = temporaryPath(target);
  try {
    await makeFolder(dirname(target));
    const file = await open(source, "wx");
    try {
      for (const piece of content) await writeAll(file, piece);
    } finally {
      await file.close();
    }
    const written = await copyToParquet(session, `SELECT * FROM ${wireFiles(columns, [source])}`, {
      file: parquet,
    });
    if (written !== rows) {
      await rm(parquet, { force: true });
      throw new DynalakeError(
        "ENGINE_FAILED",
        `${written} of ${rows} rows were written: nothing was delivered`,
      );
    }
  } catch (error) {
    throw fileError(error, target);
  } finally {
    await rm(source, { force: true });
  }
  await publish(parquet, target);
}
