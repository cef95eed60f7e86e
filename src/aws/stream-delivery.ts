/** A batch of a stream for all lake tables of its source, and the answer that Lambda wants. */
import {
  deliverToTables,
  type ServedTable,
  type SharedDelivery,
} from "../core/delivery/deliver-to-tables.ts";
import { DynalakeError } from "../core/error.ts";
import type { ObjectStore } from "../core/ports/object-store.ts";

interface StreamContext {
  readonly store: ObjectStore;
  readonly tables: readonly ServedTable[];
  readonly nowSeconds: () => number;
}

interface StreamEvent {
  readonly Records: readonly unknown[];
}

export interface StreamAnswer {
  readonly delivery: SharedDelivery;
  /**
   * The sequence number of the first record that is not done for all tables: Lambda takes it as its checkpoint and gives that
   * record and all after it again (AWS: "Configuring partial batch response with DynamoDB and Lambda").
   */
  readonly failedFrom: string | undefined;
}

export async function deliverStream(context: StreamContext, event: StreamEvent): Promise<StreamAnswer> {
  const records = event.Records;
  const batch = { records, source: sourceOf(records), arrivedAtSeconds: context.nowSeconds() };
  const delivery = await deliverToTables(context.store, context.tables, batch);
  if (delivery.failedFrom === undefined) return { delivery, failedFrom: undefined };
  const failedFrom = sequenceNumber(records[delivery.failedFrom]); // breakage: checkpoint-is-first-failed
  // breakage: unknown-position-fails-batch
  if (failedFrom !== undefined) return { delivery, failedFrom }; // breakage: failure-position-answered
  // Without a number to name it the whole batch is to be given again.
  throw new DynalakeError("DELIVERY_FAILED", "records of a batch could neither be delivered nor be kept");
}

function sequenceNumber(record: unknown): string | undefined {
  const number = (record as { readonly dynamodb?: { readonly SequenceNumber?: unknown } } | undefined)
    ?.dynamodb?.SequenceNumber;
  return typeof number === "string" && number !== "" ? number : undefined;
}

function sourceOf(records: readonly unknown[]): string {
  const arn = (records[0] as { readonly eventSourceARN?: unknown } | null | undefined)?.eventSourceARN;
  return typeof arn === "string" ? arn : "a stream";
}
