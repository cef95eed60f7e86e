/** The part of the compaction policy that depends on AWS. */
import { type CompactionPolicy, DEFAULT_POLICY } from "../core/compaction/compaction-policy.ts";

/** Firehose retries for up to 24 hours, into the partition of the record's arrival hour, which began up to an hour earlier. */
export const AWS_DELIVERY_DELAY_SECONDS: number = 26 * 3600;

/** Time that a change spends outside buffers: functions, Firehose's conversion, one retry of any of them. */
const BESIDE_BUFFERS_SECONDS = 115;

/** Within this time a change reaches the change log, unless something fails. */
export function deliveredWithinSeconds(bufferSeconds: number): number {
  return bufferSeconds + BESIDE_BUFFERS_SECONDS;
}

/** Firehose ends buffers by its own clock, and takes a while to write an object. */
const SETTLE_MARGIN_SECONDS = 120;
const SETTLE_SECONDS_MIN = 300;

/** Compactions leave changes from the last seconds alone: one delivered behind the horizon is invisible until the next one. */
export function settleSecondsFor(bufferSeconds: number): number {
  return Math.max(SETTLE_SECONDS_MIN, deliveredWithinSeconds(bufferSeconds) + SETTLE_MARGIN_SECONDS);
}

export function awsPolicy(settleSeconds: number): CompactionPolicy {
  return { ...DEFAULT_POLICY, settleSeconds, deliveryDelaySeconds: AWS_DELIVERY_DELAY_SECONDS };
}
