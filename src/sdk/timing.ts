/** Time, waiting and randomness for code that calls services, as values that tests replace. */
import { setTimeout as delay } from "node:timers/promises";

export interface Timing {
  /** Milliseconds since the epoch. */
  nowMs(): number;
  /** Resolves after `ms` milliseconds, or as soon as the signal is aborted. Never rejects. */
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
      // Only an abort rejects, and the caller checks the signal.
    }
  },
  random: () => Math.random(),
};

export interface Backoff {
  /** The longest wait after the first failure, in milliseconds. It doubles with each failure, up to `capMs`. */
  readonly baseMs: number;
  readonly capMs: number;
}

export const serviceBackoff: Backoff = { baseMs: 100, capMs: 5_000 };

/** Milliseconds to wait after the n-th failure in a row, from 1. Half of it is random, which spreads callers out. */
export function backoffMs(backoff: Backoff, failures: number, timing: Timing): number {
  // The exponent is bounded because 2 ** 1100 is Infinity, and Infinity times 0 is NaN.
  const ceilingMs = Math.min(backoff.capMs, backoff.baseMs * 2 ** Math.min(failures - 1, 30));
  return ceilingMs / 2 + (timing.random() * ceilingMs) / 2;
}
