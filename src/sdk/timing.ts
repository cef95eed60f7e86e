import { setTimeout as delay } from "node:timers/promises";

/** The clock, the waiting and the chance of everything that talks to AWS; a test puts its own in their place. */
export interface Timing {
  /** Milliseconds since the epoch. */
  nowMs(): number;
  /** Resolves after `ms` milliseconds, or at once when the signal is aborted; it never rejects. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
  /** A number in [0, 1). */
  random(): number;
}

export const systemTiming: Timing = {
  nowMs: () => Date.now(),
  sleep: async (ms, signal) => {
    try {
      await delay(ms, undefined, { signal });
    } catch {
      // Only an abort rejects here, and whoever sleeps looks at the signal afterwards.
    }
  },
  random: () => Math.random(),
};

export interface Backoff {
  /** The wait before the second attempt, in milliseconds; it doubles with each attempt up to `capMs`. */
  readonly baseMs: number;
  readonly capMs: number;
}

export const serviceBackoff: Backoff = { baseMs: 100, capMs: 5_000 };

/** How long to wait after the n-th failure in a row (from 1): half of it fixed, half of it chance, so that callers spread. */
export function backoffMs(backoff: Backoff, failures: number, timing: Timing): number {
  // The exponent is bounded because 2 ** 1100 is Infinity and the product with a chance of 0 would be NaN.
  const ceilingMs = Math.min(backoff.capMs, backoff.baseMs * 2 ** Math.min(failures - 1, 30));
  return ceilingMs / 2 + (timing.random() * ceilingMs) / 2;
}
