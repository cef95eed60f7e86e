/** Waiting for what services do in their own time. */
import { deliveredWithinSeconds } from "../../aws/aws-policy.ts";
import type { Deployment } from "../../aws/deployment.ts";
import type { Timing } from "../../sdk/timing.ts";

export interface Patience {
  /** How long to wait. */
  readonly seconds: number;
  readonly timing: Timing;
  readonly signal: AbortSignal;
}

const POLL_MS = 5_000;
/** What Firehose's buffers and Athena may take beside. */
const BESIDE_DELIVERY_SECONDS = 300;

/** What `look` finds, or undefined once the time is over. It looks at least once. Throws the reason of an interrupt. */
export async function withinPatience<Found>(
  { seconds, signal, timing }: Patience,
  look: () => Promise<Found | undefined>,
): Promise<Found | undefined> {
  const untilMs = timing.nowMs() + seconds * 1000;
  for (;;) {
    const found = await look();
    if (found !== undefined || timing.nowMs() > untilMs) return found;
    await timing.sleep(POLL_MS, signal);
    signal.throwIfAborted(); // breakage: doctors-stop-waiting
  }
}

/** Within this time a change can be queried, unless something fails. */
export function arrivalSeconds({ bufferSeconds }: Pick<Deployment, "bufferSeconds">): number {
  return deliveredWithinSeconds(bufferSeconds) + BESIDE_DELIVERY_SECONDS;
}
