/** One read of a source table, at its pace, with retries of passing failures. */
import { backoffMs, serviceBackoff, type Timing } from "../sdk/timing.ts";
import type { ReadPace } from "./read-pace.ts";
import { type FailedCall, isPassing, sourceError } from "./source-error.ts";
import { withinSeconds } from "./within-seconds.ts";

export interface PacedRead<Answer> {
  readonly call: FailedCall;
  /** When reading must be over, in milliseconds since the epoch; Infinity for no limit. */
  readonly untilMs: number;
  readonly signal: AbortSignal;
  /** Throws once reading is over: it is out of time, or it was stopped. */
  readonly requireTime: () => void;
  readonly send: (signal: AbortSignal) => Promise<Answer>;
  /** What the answer cost; `units` is undefined if the service left it out. */
  readonly costOf: (answer: Answer) => { readonly units: number | undefined; readonly items: number };
}

const CALL_SECONDS_MAX = 60;
const OUTAGE_SECONDS_MAX = 60;

/** Fails with what `requireTime` throws, or with the failure itself once it has lasted for `OUTAGE_SECONDS_MAX`. */
export async function pacedRead<Answer>(
  pace: ReadPace,
  read: PacedRead<Answer>,
  timing: Timing,
): Promise<Answer> {
  let failingSinceMs: number | undefined;
  for (let failures = 1; ; failures++) {
    const reservedUnits = await pace.reserve(read.untilMs, read.signal);
    read.requireTime();
    try {
      const seconds = Math.min(CALL_SECONDS_MAX, (read.untilMs - timing.nowMs()) / 1_000);
      const answer = await withinSeconds(seconds, read.call, (deadline) =>
        read.send(AbortSignal.any([deadline, read.signal])),
      );
      const { units = reservedUnits, items } = read.costOf(answer);
      pace.settle(reservedUnits, { units, items });
      return answer;
    } catch (error) {
      pace.settle(reservedUnits, { units: 0, items: 0 }); // breakage: failed-read-costs-nothing
      read.requireTime();
      failingSinceMs ??= timing.nowMs();
      const hasLasted = timing.nowMs() - failingSinceMs > OUTAGE_SECONDS_MAX * 1_000;
      if (hasLasted || !isPassing(error)) throw sourceError(error, read.call);
      await timing.sleep(backoffMs(serviceBackoff, failures, timing), read.signal);
    }
  }
}
