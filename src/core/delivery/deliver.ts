/** The way of stream records into the lake: record -> change -> wire row -> change log, or quarantine with a reason. */

import { type ChangeSink, type DeliveredRow, UndeliveredRows } from "../ports/change-sink.ts";
import type { ObjectStore } from "../ports/object-store.ts";
import { type QuarantinedRecord, quarantineRecords } from "../table/quarantine.ts";
import { type BatchRows, batchRows, type RecordBatch, type RowReading } from "./batch-rows.ts";

export interface DeliveryContext extends RowReading {
  readonly store: ObjectStore;
  readonly sink: ChangeSink;
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
  return deliverRows(context, batchRows(context, batch), batch.arrivedAtSeconds);
}

/** Delivers what was read before, as `deliver` does. */
export async function deliverRows(
  context: DeliveryContext,
  { rows, recordOfRow, quarantined, skipped }: BatchRows,
  arrivedAtSeconds: number,
): Promise<Delivery> {
  const { table } = context.writer.codec.schema;
  // breakage: rejected-are-quarantined
  const quarantineObjects =
    quarantined.length === 0 ? [] : await quarantineRecords(context.store, table, quarantined);
  try {
    if (rows.length > 0) await context.sink.deliver(rows, arrivedAtSeconds);
  } catch (error) {
    if (!(error instanceof UndeliveredRows)) throw error;
    // breakage: failed-record-reported
    throw new UndeliveredRows(recordOfRow[error.firstIndex] ?? 0, error.message, error);
  }
  return { rows: rows.length, quarantined, quarantineObjects, skipped, ...changeTimes(rows) };
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
