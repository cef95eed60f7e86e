/** What could not be delivered: raw, with its reason, and replayable as it is. One JSON line a record. */
import type { RejectionReason } from "../change/change.ts";
import { quarantinePath } from "../format/lake-path.ts";
import type { ObjectStore } from "../ports/object-store.ts";
import { sha256Half } from "../values/hash.ts";

export interface QuarantinedRecord {
  readonly reason: RejectionReason;
  /** Says more than the reason; never quotes a value. */
  readonly detail: string;
  /** Where the record came from: a stream's ARN or a file's name. */
  readonly source: string;
  readonly arrivedAtSeconds: number;
  /** The record's own JSON text. */
  readonly raw: string;
  /** Of bytes that are no text, `raw` is the base64. */
  readonly encoding?: "base64" | undefined;
}

function quarantineLine(record: QuarantinedRecord): string {
  return `${JSON.stringify({ quarantine: 1, ...record })}\n`;
}

/**
 * Puts records into quarantine, durable: one object for each reason, named by what is in it, so that the same records are
 * kept once however often they come. Returns the objects' paths.
 */
export async function quarantineRecords(
  store: ObjectStore,
  table: string,
  records: readonly QuarantinedRecord[],
): Promise<readonly string[]> {
  const encoder = new TextEncoder();
  const byReason = new Map<RejectionReason, QuarantinedRecord[]>();
  for (const record of records) {
    const own = byReason.get(record.reason);
    if (own === undefined) byReason.set(record.reason, [record]);
    else own.push(record);
  }
  const paths: string[] = [];
  for (const [reason, own] of byReason) {
    const id = sha256Half(JSON.stringify(own.map((record) => record.raw)));
    const path = quarantinePath(table, reason, id);
    await store.create(path, encoder.encode(own.map(quarantineLine).join("")));
    paths.push(path);
  }
  return paths;
}
