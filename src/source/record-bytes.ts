/** How large records of a stream are. */
import type { WrittenRecord } from "./get-records.ts";

/** The size of a record whose size the service left out. */
const BYTES_ASSUMED = 1_000;

export function recordBytes(records: readonly WrittenRecord[]): number {
  return records.reduce((bytes, record) => bytes + (record.dynamodb?.SizeBytes ?? BYTES_ASSUMED), 0);
}
