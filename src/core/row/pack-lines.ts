/**
 * Packs lines into records and records into batches without breaking a limit or an order. Firehose bills every record
 * as at least 5 KB and takes several concatenated JSON objects in one (AWS: "Amazon Data Firehose quota" and "Convert input
 * record format"), so that many lines share a record.
 */

import type { WireLine } from "./wire-line.ts";

export interface BatchLimits {
  /** UTF-8 bytes of one record. */
  readonly recordBytesMax: number;
  /** Records of one batch. */
  readonly batchRecordsMax: number;
  /** UTF-8 bytes of all records of one batch. */
  readonly batchBytesMax: number;
}

/** PutRecordBatch: 500 records and 4 MiB a call, 1,000 KiB a record. */
export const FIREHOSE_LIMITS: BatchLimits = {
  recordBytesMax: 1_000 * 1024,
  batchRecordsMax: 500,
  batchBytesMax: 4 * 1024 * 1024,
};

export interface PackedRecord {
  /** UTF-8 bytes of its lines. */
  readonly bytes: number;
  /** The lines in it: from this index, */
  readonly from: number;
  /** and below this one. */
  readonly below: number;
}

interface Packing {
  /** Batches of records, in the order of the lines. */
  readonly batches: readonly (readonly PackedRecord[])[];
  /** Indexes of lines that are larger than a record may be. */
  readonly oversized: readonly number[];
}

/** Packs lines, each of which ends in a line feed, by their sizes. */
export function packLines(lines: readonly Pick<WireLine, "content">[], limits: BatchLimits): Packing {
  const bytesMax = Math.min(limits.recordBytesMax, limits.batchBytesMax);
  const oversized: number[] = [];
  const records: PackedRecord[] = [];
  let from = 0;
  let open = 0;
  const close = (below: number): void => {
    if (below > from) records.push({ bytes: open, from, below });
    open = 0;
  };
  for (const [i, { content }] of lines.entries()) {
    const bytes = content.length;
    if (bytes > bytesMax) {
      oversized.push(i);
      close(i);
      from = i + 1;
    } else {
      if (open + bytes > bytesMax) {
        close(i);
        from = i;
      }
      open += bytes;
    }
  }
  close(lines.length);
  return { batches: intoBatches(records, limits), oversized };
}

/** What a record holds: its lines, one after the other. */
export function recordContent(
  lines: readonly Pick<WireLine, "content">[],
  { bytes, from, below }: PackedRecord,
): Uint8Array {
  const record = new Uint8Array(bytes);
  let at = 0;
  for (const { content } of lines.slice(from, below)) {
    record.set(content, at);
    at += content.length;
  }
  return record;
}

function intoBatches(
  records: readonly PackedRecord[],
  limits: BatchLimits,
): readonly (readonly PackedRecord[])[] {
  const batches: PackedRecord[][] = [];
  let bytes = 0;
  for (const record of records) {
    const last = batches.at(-1);
    if (last && last.length < limits.batchRecordsMax && bytes + record.bytes <= limits.batchBytesMax) {
      last.push(record);
      bytes += record.bytes;
    } else {
      batches.push([record]);
      bytes = record.bytes;
    }
  }
  return batches;
}
