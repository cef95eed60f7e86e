/** What the deployment decides of compactions; all else is the core's. */
import { type CompactionPolicy, DEFAULT_POLICY } from "../core/compaction/compaction-policy.ts";

/** Firehose tries for up to 24 hours to deliver into the partition of a record's arrival, which lies up to an hour back. */
export const AWS_DELIVERY_DELAY_SECONDS: number = 26 * 3600;

/** What a change needs beside the buffers that it waits in: functions, Firehose's conversion, a retry of any of them. */
const BESIDE_BUFFERS_SECONDS = 115;

/** A change is in the change log after so long, unless something fails. */
export function deliveredWithinSeconds(bufferSeconds: number): number {
  return bufferSeconds + BESIDE_BUFFERS_SECONDS;
}

/** Firehose tells its buffers apart by its own clock, and writes an object for a while. */
const SETTLE_MARGIN_SECONDS = 120;
const SETTLE_SECONDS_MIN = 300;

/** How far behind now compactions stay: what is delivered behind them is not seen until the next one. */
export function settleSecondsFor(bufferSeconds: number): number {
  return Math.max(SETTLE_SECONDS_MIN, deliveredWithinSeconds(bufferSeconds) + SETTLE_MARGIN_SECONDS);
}

export function awsPolicy(settleSeconds: number): CompactionPolicy {
  return { ...DEFAULT_POLICY, settleSeconds, deliveryDelaySeconds: AWS_DELIVERY_DELAY_SECONDS };
}
