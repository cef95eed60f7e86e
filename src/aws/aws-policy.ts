/** What the deployment decides of compactions; all else is the core's. */
import { type CompactionPolicy, DEFAULT_POLICY } from "../core/compaction-plan.ts";

/** Firehose tries for up to 24 hours to deliver into the partition of a record's arrival, which lies up to an hour back. */
export const AWS_DELIVERY_DELAY_SECONDS: number = 26 * 3600;

/** Records are buffered for a minute or two on their way. */
const SETTLE_SECONDS = 300;

export function awsPolicy(settleSeconds: number = SETTLE_SECONDS): CompactionPolicy {
  return { ...DEFAULT_POLICY, settleSeconds, deliveryDelaySeconds: AWS_DELIVERY_DELAY_SECONDS };
}
