/** The way of stream records into the lake: record -> change -> wire row -> change log, or quarantine with a reason. */

import { type Change, Rejection, readChange, readChangeText } from "../change/change.ts";
import { changeFor } from "../change/selection.ts";
import { type ChangeSink, type DeliveredRow, UndeliveredRows } from "../ports/change-sink.ts";
import type { ObjectStore } from "../ports/object-store.ts";
import { type RewrittenRow, rewrittenRow, WireRowText } from "../row/returned-row.ts";
import { changeLine, type LineWriter } from "../row/wire-line.ts";
import { type QuarantinedRecord, quarantineRecords } from "../table/quarantine.ts";
import { ContentsOfChanges } from "./contents-of-changes.ts";

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
 * Delivers a batch and returns once every record of it is durable, in the change log or in quarantine. Throws UndeliveredRows,
 * with the index of a record, if the sink knows from which one on it failed.
 */
export async function deliver(context: DeliveryContext, batch: RecordBatch): Promise<Delivery> {
  const { rows, recordOfRow, quarantined, skipped } = readBatch(context, batch);
  const { table } = context.writer.codec.schema;
  // breakage: rejected-are-quarantined
  const quarantineObjects =
    quarantined.length === 0 ? [] : await quarantineRecords(context.store, table, quarantined);
  try {
    if (rows.length > 0) await context.sink.deliver(rows, batch.arrivedAtSeconds);
  } catch (error) {
    if (!(error instanceof UndeliveredRows)) throw error;
    // breakage: failed-record-reported
    throw new UndeliveredRows(recordOfRow[error.firstIndex] ?? 0, error.message, error);
  }
  return { rows: rows.length, quarantined, quarantineObjects, skipped, ...changeTimes(rows) };
}

interface ReadBatch {
  readonly rows: readonly DeliveredRow[];
  /** The index of each row's record in the batch. */
  readonly recordOfRow: readonly number[];
  readonly quarantined: readonly QuarantinedRecord[];
  readonly skipped: number;
}

function readBatch(context: DeliveryContext, { records, source, arrivedAtSeconds }: RecordBatch): ReadBatch {
  const rows: DeliveredRow[] = [];
  const recordOfRow: number[] = [];
  const quarantined: QuarantinedRecord[] = [];
  const contents = new ContentsOfChanges();
  let skipped = 0;
  for (const [i, record] of records.entries()) {
    try {
      const row = readRow(context, record, arrivedAtSeconds, contents);
      if (row === undefined) skipped++;
      else {
        rows.push(row);
        recordOfRow.push(i);
      }
    } catch (error) {
      if (!(error instanceof Rejection)) throw error;
      const { reason, message: detail } = error;
      quarantined.push({ reason, detail, source, arrivedAtSeconds, raw: rawText(record) });
    }
  }
  return { rows, recordOfRow, quarantined, skipped };
}

function changeTimes(
  rows: readonly DeliveredRow[],
): Pick<Delivery, "newestChangeSeconds" | "oldestChangeSeconds"> {
  let newestChangeSeconds: number | undefined;
  let oldestChangeSeconds: number | undefined;
  for (const { changedAtSeconds } of rows) {
    newestChangeSeconds = Math.max(newestChangeSeconds ?? changedAtSeconds, changedAtSeconds);
    oldestChangeSeconds = Math.min(oldestChangeSeconds ?? changedAtSeconds, changedAtSeconds);
  }
  return { newestChangeSeconds, oldestChangeSeconds };
}

/** Undefined where the record is no change of the table. Throws Rejection. */
function readRow(
  { writer, rowBytesMax }: DeliveryContext,
  record: unknown,
  arrivedAtSeconds: number,
  contents: ContentsOfChanges,
): DeliveredRow | undefined {
  const written =
    record instanceof WireRowText
      ? rewrittenRow(writer, record)
      : rowOfRecord(writer, record, arrivedAtSeconds);
  if (written === undefined) return undefined;
  if (written.line.content.length > rowBytesMax) throw new Rejection("too-large");
  contents.require(written);
  return { line: written.line, changedAtSeconds: written.change.changedAtSeconds };
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
  const own = changeFor(schema, change);
  return own && { change: own, line: changeLine(writer, own) };
}

function rawText(record: unknown): string {
  if (record instanceof WireRowText) return record.text;
  return typeof record === "string" ? record : JSON.stringify(record);
}
