/** A batch of the stream on its way to Firehose, with the answer that Lambda wants. */

import { type Delivery, deliver } from "../core/delivery/deliver.ts";
import { type ChangeSink, UndeliveredRows } from "../core/ports/change-sink.ts";
import type { ObjectStore } from "../core/ports/object-store.ts";
import { FIREHOSE_LIMITS } from "../core/row/pack-lines.ts";
import type { LineWriter } from "../core/row/wire-line.ts";

interface StreamDeliveryContext {
  readonly store: ObjectStore;
  readonly sink: ChangeSink;
  readonly writer: LineWriter;
  readonly nowSeconds: () => number;
}

interface StreamEvent {
  readonly Records: readonly unknown[];
}

export interface StreamAnswer {
  /** Undefined where the sink has failed. */
  readonly delivery: Delivery | undefined;
  /**
   * The sequence number of the first record that was not delivered: Lambda takes it as its checkpoint and gives that record
   * and all after it again (AWS: "Configuring partial batch response with DynamoDB and Lambda").
   */
  readonly failedFrom: string | undefined;
}

export async function deliverStream(
  context: StreamDeliveryContext,
  event: StreamEvent,
): Promise<StreamAnswer> {
  const records = event.Records;
  try {
    const delivery = await deliver(
      { ...context, rowBytesMax: FIREHOSE_LIMITS.recordBytesMax },
      { records, source: sourceOf(records), arrivedAtSeconds: context.nowSeconds() },
    );
    return { delivery, failedFrom: undefined };
  } catch (error) {
    if (!(error instanceof UndeliveredRows)) throw error;
    const failedFrom = sequenceNumber(records[error.firstIndex]); // breakage: checkpoint-is-first-failed
    // Without a number to name it the whole batch is to be given again.
    if (failedFrom === undefined) throw error; // breakage: unknown-position-fails-batch
    return { delivery: undefined, failedFrom }; // breakage: failure-position-answered
  }
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
