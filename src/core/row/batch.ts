/**
 * Packs lines into records and records into batches without breaking a limit or an order. Firehose bills every record
 * as at least 5 KB and takes several concatenated JSON objects in one (AWS: "Amazon Data Firehose quota" and "Convert input
 * record format"), so that many lines share a record.
 */

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
  readonly text: string;
  /** UTF-8 bytes of the text. */
  readonly bytes: number;
  /** The lines in it: from this index, */
  readonly from: number;
  /** and below this one. */
  readonly below: number;
}

export interface Packing {
  /** Batches of records, in the order of the lines. */
  readonly batches: readonly (readonly PackedRecord[])[];
  /** Indexes of lines that are larger than a record may be. */
  readonly oversized: readonly number[];
}

/** Packs the lines, each of which ends in a line feed. */
export function packLines(lines: readonly string[], limits: BatchLimits): Packing {
  const oversized: number[] = [];
  const records: PackedRecord[] = [];
  let open: PackedRecord | undefined;
  for (const [i, line] of lines.entries()) {
    const bytes = utf8Bytes(line);
    if (bytes > Math.min(limits.recordBytesMax, limits.batchBytesMax)) {
      oversized.push(i);
      if (open) records.push(open);
      open = undefined;
    } else if (open && open.bytes + bytes <= Math.min(limits.recordBytesMax, limits.batchBytesMax)) {
      open = { text: open.text + line, bytes: open.bytes + bytes, from: open.from, below: i + 1 };
    } else {
      if (open) records.push(open);
      open = { text: line, bytes, from: i, below: i + 1 };
    }
  }
  if (open) records.push(open);
  return { batches: intoBatches(records, limits), oversized };
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

/** The length of the text in UTF-8; a lone surrogate counts as the replacement character. */
export function utf8Bytes(text: string): number {
  let bytes = text.length;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x80) continue;
    if (unit < 0x800) bytes += 1;
    else if (unit >= 0xd800 && unit < 0xdc00 && isLowSurrogate(text.charCodeAt(i + 1))) {
      bytes += 2;
      i++;
    } else bytes += 2;
  }
  return bytes;
}

function isLowSurrogate(unit: number): boolean {
  return unit >= 0xdc00 && unit < 0xe000;
}
