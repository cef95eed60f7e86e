/**
 * One batch of a stream to all lake tables of its source. A record is done when it is, for each table, in the change log, in
 * quarantine or waiting: a table that fails is put aside alone, and the others go on.
 */
import { type ChangeSink, UndeliveredRows } from "../ports/change-sink.ts";
import type { ObjectStore } from "../ports/object-store.ts";
import type { RecordBatch } from "./batch-rows.ts";
import { type Delivery, type DeliveryContext, deliver } from "./deliver.ts";
import { type DeliveryFailure, failureOf } from "./delivery-failure.ts";
import { keepRecords, keepRows } from "./waiting-changes.ts";

/** A lake table that is served. */
export interface ServedTable {
  readonly table: string;
  /** Fails if no row of the table can be made. */
  open(batch: RecordBatch): Promise<DeliveryContext>;
}

export interface TableDelivery {
  readonly table: string;
  /** Undefined if no row could be made. */
  readonly delivery: Delivery | undefined;
  /** Undefined if nothing waits. */
  readonly waiting: Waiting | undefined;
}

/** Why some or all of a table's changes wait. */
export interface Waiting extends DeliveryFailure {
  /** Rows, or records if no row could be made. */
  readonly count: number;
}

export interface SharedDelivery {
  readonly tables: readonly TableDelivery[];
  /** The lowest index of a record that is not done for some table; undefined if all are. */
  readonly failedFrom: number | undefined;
}

/** `store` keeps what waits. */
export async function deliverToTables(
  store: ObjectStore,
  tables: readonly ServedTable[],
  batch: RecordBatch,
): Promise<SharedDelivery> {
  const outcomes = await Promise.all(tables.map((table) => deliverToTable(store, table, batch)));
  const failed = outcomes.flatMap(({ failedFrom }) => failedFrom ?? []);
  return {
    tables: outcomes.map(({ failedFrom: _, ...delivery }) => delivery),
    // breakage: lowest-failure-fails-batch
    failedFrom: failed.length === 0 ? undefined : Math.min(...failed),
  };
}

interface Outcome extends TableDelivery {
  readonly failedFrom: number | undefined;
}

async function deliverToTable(store: ObjectStore, served: ServedTable, batch: RecordBatch): Promise<Outcome> {
  const { table } = served;
  let waiting: Waiting | undefined;
  try {
    const context = await served.open(batch);
    const sink = patientSink(store, table, context.sink, (kept) => {
      waiting = kept;
    });
    const delivery = await deliver({ ...context, sink }, batch);
    return { table, delivery, waiting, failedFrom: undefined };
  } catch (error) {
    const count = batch.records.length;
    const failed = { table, delivery: undefined, waiting: { count, ...failureOf(error) } };
    // Rows could neither be delivered nor be kept.
    if (error instanceof UndeliveredRows) return { ...failed, failedFrom: error.firstIndex };
    // breakage: failing-table-keeps-records
    const isKept = await keepRecords(store, table, batch.records).then(
      () => true,
      () => false,
    );
    return { ...failed, failedFrom: isKept ? undefined : 0 };
  }
}

/** Rows that the table's own sink does not take wait. */
function patientSink(
  store: ObjectStore,
  table: string,
  sink: ChangeSink,
  onWaiting: (waiting: Waiting) => void,
): ChangeSink {
  return {
    deliver: async (rows, arrivedAtSeconds) => {
      try {
        await sink.deliver(rows, arrivedAtSeconds);
      } catch (error) {
        const from = error instanceof UndeliveredRows ? error.firstIndex : 0;
        const failure = failureOf(error);
        // breakage: undelivered-rows-wait
        await keepRows(store, table, rows.slice(from)).catch((cause: unknown) => {
          throw new UndeliveredRows(from, failure.message, cause);
        });
        onWaiting({ count: rows.length - from, ...failure });
      }
    },
  };
}
