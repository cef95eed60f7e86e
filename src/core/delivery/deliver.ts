/** The way of stream records into the lake: record -> change -> wire row -> change log, or quarantine with a reason. */

import { type Change, Rejection, readChange, readChangeText } from "../change/change.ts";
import { changeFor } from "../change/selection.ts";
import { type ChangeSink, type DeliveredRow, Undelivered } from "../ports/change-sink.ts";
import type { ObjectStore } from "../ports/object-store.ts";
import { utf8Bytes } from "../row/batch.ts";
import { changeLine, type LineWriter } from "../row/wire-line.ts";
import { type RewrittenRow, rewrittenRow, WireRowText } from "../row/wire-row.ts";
import { type QuarantinedRecord, quarantineRecords } from "../table/quarantine.ts";
import { keyHash } from "../values/key.ts";

export interface DeliveryContext {
  readonly store: ObjectStore;
  readonly sink: ChangeSink;
  readonly writer: LineWriter;
  /** A wire row larger than this is quarantined: UTF-8 bytes. */
  readonly rowBytesMax: number;
}

export interface RecordBatch {
  /** Records, parsed or as JSON text; or WireRowText where they come back from a delivery. */
  readonly records: readonly unknown[];
  /** A stream's ARN or a file's name. */
  readonly source: string;
  readonly arrivedAtSeconds: number;
}

export interface Delivery {
  /** Rows that were written to the change log. */
  readonly rows: number;
  readonly quarantined: readonly QuarantinedRecord[];
  /** Paths of the quarantine objects that hold them. */
  readonly quarantineObjects: readonly string[];
  /** Records of items that belong to no lake table. */
  readonly skipped: number;
  /** The newest `_changed_at` among the rows. */
  readonly newestChangeSeconds: number | undefined;
  /** The oldest one. */
  readonly oldestChangeSeconds: number | undefined;
}

/**
 * Delivers a batch and returns once every record of it is durable, in the change log or in quarantine. Throws Undelivered,
 * with the index of a record, where the sink tells from where on it failed.
 */
export async function deliver(context: DeliveryContext, batch: RecordBatch): Promise<Delivery> {
  const { schema } = context.writer.codec;
  const rows: DeliveredRow[] = [];
  const recordOfRow: number[] = [];
  const lineOfChange = new Map<string, string>();
  const quarantined: QuarantinedRecord[] = [];
  let skipped = 0;
  for (const [i, record] of batch.records.entries()) {
    try {
      const row = rowOf(context, record, batch.arrivedAtSeconds, lineOfChange);
      if (row === undefined) skipped++;
      else {
        rows.push(row);
        recordOfRow.push(i);
      }
    } catch (error) {
      if (!(error instanceof Rejection)) throw error;
      const raw = rawText(record);
      const { reason, message: detail } = error;
      quarantined.push({
        reason,
        detail,
        source: batch.source,
        arrivedAtSeconds: batch.arrivedAtSeconds,
        raw,
      });
    }
  }
  const quarantineObjects =
    quarantined.length === 0 ? [] : await quarantineRecords(context.store, schema.table, quarantined);
  try {
    if (rows.length > 0) await context.sink.deliver(rows, batch.arrivedAtSeconds);
  } catch (error) {
    if (!(error instanceof Undelivered)) throw error;
    throw new Undelivered(recordOfRow[error.firstIndex] ?? 0, error.message, error);
  }
  const newestChangeSeconds = rows.reduce<number | undefined>(
    (newest, row) => Math.max(newest ?? 0, row.changedAtSeconds),
    undefined,
  );
  const oldestChangeSeconds = rows.reduce<number | undefined>(
    (oldest, row) => Math.min(oldest ?? row.changedAtSeconds, row.changedAtSeconds),
    undefined,
  );
  return {
    rows: rows.length,
    quarantined,
    quarantineObjects,
    skipped,
    newestChangeSeconds,
    oldestChangeSeconds,
  };
}

function rowOf(
  context: DeliveryContext,
  record: unknown,
  arrivedAtSeconds: number,
  lineOfChange: Map<string, string>,
): DeliveredRow | undefined {
  const written =
    record instanceof WireRowText
      ? rewrittenRow(context.writer, record)
      : rowOfRecord(context.writer, record, arrivedAtSeconds);
  if (written === undefined) return undefined;
  const { change, line } = written;
  if (utf8Bytes(line) > context.rowBytesMax) throw new Rejection("too-large");
  requireOneContent(lineOfChange, change, line);
  return { line, changedAtSeconds: change.changedAtSeconds };
}

function rowOfRecord(
  writer: LineWriter,
  record: unknown,
  arrivedAtSeconds: number,
): RewrittenRow | undefined {
  const { schema } = writer.codec;
  const change: Change =
    typeof record === "string"
      ? readChangeText(record, schema, arrivedAtSeconds)
      : readChange(record, schema, arrivedAtSeconds);
  const relevant = changeFor(schema, change);
  return relevant && { change: relevant, line: changeLine(writer, relevant) };
}

function rawText(record: unknown): string {
  if (record instanceof WireRowText) return record.text;
  return typeof record === "string" ? record : JSON.stringify(record);
}

/** One change has one content: of two that claim one place in an item's order, nothing says which is the newer. */
function requireOneContent(lineOfChange: Map<string, string>, change: Change, line: string): void {
  const { version, operation, changedAtSeconds } = change;
  const identity = `${version} ${operation} ${changedAtSeconds} ${keyHash(change.key)}`;
  const known = lineOfChange.get(identity);
  if (known !== undefined && known !== line) throw new Rejection("same-sequence");
  lineOfChange.set(identity, line);
}
