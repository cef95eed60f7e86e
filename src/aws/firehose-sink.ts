/** Delivery into the change log by a stream of Firehose, which turns the lines into Parquet. */
import { type FirehoseClient, PutRecordBatchCommand } from "@aws-sdk/client-firehose";
import { type ChangeSink, type DeliveredRow, UndeliveredRows } from "../core/ports/change-sink.ts";
import { FIREHOSE_LIMITS, type PackedRecord, packLines, recordContent } from "../core/row/pack-lines.ts";
import type { WireLine } from "../core/row/wire-line.ts";
import { awsFailure, failureReason, isPassingFailure } from "../sdk/aws-error.ts";
import { type Backoff, backoffMs, systemTiming, type Timing } from "../sdk/timing.ts";

interface FirehoseSinkOptions {
  readonly client: FirehoseClient;
  /** The delivery stream's name. */
  readonly stream: string;
  /** A delivery that takes longer gives up. */
  readonly giveUpSeconds?: number;
  readonly timing?: Timing;
  /** Gets the rows that Firehose has acknowledged, also those of a delivery that then fails. */
  readonly onAcknowledged?: (rows: readonly DeliveredRow[]) => void;
}

const GIVE_UP_SECONDS = 30;
const TRIES_MAX = 20;
const BACKOFF: Backoff = { baseMs: 100, capMs: 3_000 };

/**
 * What Firehose has taken it keeps for a day, replicated: the rows are durable. One batch is delivered whole before the
 * next one goes. Within a batch, entries that fail are sent again after those that did not: neither Firehose nor the lake
 * asks for the order of rows, since the sequence number of a change gives its place. An answer that never came may have been
 * a success; then the rows are there twice, which does no harm.
 */
export function firehoseSink(options: FirehoseSinkOptions): ChangeSink {
  const sink: Sink = { timing: systemTiming, giveUpSeconds: GIVE_UP_SECONDS, ...options };
  return {
    deliver: async (rows) => {
      const lines = rows.map((row) => row.line);
      const { batches, oversized } = packLines(lines, FIREHOSE_LIMITS);
      if (oversized.length > 0) throw new Error("a row larger than the limit was not quarantined");
      const untilMs = sink.timing.nowMs() + sink.giveUpSeconds * 1000;
      for (const batch of batches) await deliverBatch(sink, rows, batch, untilMs);
    },
  };
}

type Sink = FirehoseSinkOptions & Required<Pick<FirehoseSinkOptions, "timing" | "giveUpSeconds">>;

async function deliverBatch(
  sink: Sink,
  rows: readonly DeliveredRow[],
  batch: readonly PackedRecord[],
  untilMs: number,
): Promise<void> {
  const lines = rows.map((row) => row.line);
  let left = batch;
  for (let tries = 1; ; tries++) {
    const outcome = await send(sink, lines, left);
    const refused = new Set(outcome.left);
    // breakage: acknowledged-rows-counted
    const taken = left.filter((record) => !refused.has(record));
    sink.onAcknowledged?.(taken.flatMap(({ below, from }) => rows.slice(from, below)));
    if (outcome.left.length === 0) return;
    left = outcome.left;
    const waitMs = backoffMs(BACKOFF, tries, sink.timing);
    if (outcome.lasting || tries === TRIES_MAX || sink.timing.nowMs() + waitMs > untilMs) {
      // Records are in the order of their rows: before the first that is left all are delivered.
      const message = `cannot deliver to the delivery stream "${sink.stream}": ${outcome.reason}`;
      // breakage: first-failed-row-reported
      throw new UndeliveredRows(left[0]?.from ?? 0, message, outcome.cause);
    }
    await sink.timing.sleep(waitMs, new AbortController().signal);
  }
}

interface Outcome {
  /** Records that were not delivered, or may not have been. */
  readonly left: readonly PackedRecord[];
  readonly reason: string;
  /** Sending them again would be in vain. */
  readonly lasting: boolean;
  readonly cause?: unknown;
}

async function send(
  sink: Sink,
  lines: readonly WireLine[],
  records: readonly PackedRecord[],
): Promise<Outcome> {
  const Records = records.map((record) => ({ Data: recordContent(lines, record) }));
  try {
    const command = new PutRecordBatchCommand({ DeliveryStreamName: sink.stream, Records });
    const { FailedPutCount = 0, RequestResponses = [] } = await sink.client.send(command);
    // breakage: partial-failure-is-failure
    if (FailedPutCount === 0) return { left: [], reason: "", lasting: false };
    const failed = records.filter((_, i) => RequestResponses[i]?.ErrorCode !== undefined);
    // An answer that does not say which ones failed counts as a failure.
    const left = failed.length === 0 ? records : failed; // breakage: refused-entries-resent
    const codes = new Set(RequestResponses.flatMap(({ ErrorCode }) => ErrorCode ?? []));
    return { left, reason: `${left.length} records refused: ${[...codes].join(", ")}`, lasting: false };
  } catch (cause) {
    const reason = failureReason(awsFailure(cause), "Firehose");
    return { left: records, reason, lasting: !isPassingFailure(cause), cause };
  }
}
