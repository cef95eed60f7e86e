import { setTimeout as delay } from "node:timers/promises";

/** The clock, the waiting and the chance of everything that talks to DynamoDB; a test puts its own in their place. */
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

/** How long to wait after the n-th failure in a row (from 1): half of it fixed, half of it chance, so that readers spread. */
export function backoffMs(backoff: Backoff, failures: number, timing: Timing): number {
  // The exponent is bounded because 2 ** 1100 is Infinity and the product with a chance of 0 would be NaN.
  const ceilingMs = Math.min(backoff.capMs, backoff.baseMs * 2 ** Math.min(failures - 1, 30));
  return ceilingMs / 2 + (timing.random() * ceilingMs) / 2;
}

/** At most `callsMax` calls in any second: the form in which DynamoDB Streams states its limits. */
export class CallRate {
  readonly #callsMax: number;
  readonly #timing: Timing;
  readonly #startsMs: number[] = [];

  constructor(callsMax: number, timing: Timing) {
    this.#callsMax = callsMax;
    this.#timing = timing;
  }

  /** Waits until one more call is allowed, and counts it. */
  async turn(signal: AbortSignal): Promise<void> {
    if (!Number.isFinite(this.#callsMax)) return;
    const oldestMs = this.#startsMs.length < this.#callsMax ? undefined : this.#startsMs.shift();
    const waitMs = oldestMs === undefined ? 0 : oldestMs + 1_000 - this.#timing.nowMs();
    if (waitMs > 0) await this.#timing.sleep(waitMs, signal);
    this.#startsMs.push(this.#timing.nowMs());
  }
}

/** Wakes whoever waits for something to happen. A ring while nobody waits is remembered for the next wait. */
export class Bell {
  readonly #timing: Timing;
  #rung = false;
  #wake: (() => void) | undefined;

  constructor(timing: Timing) {
    this.#timing = timing;
  }

  ring(): void {
    this.#rung = true;
    this.#wake?.();
  }

  /** Resolves at the next ring or after `ms`. One waiter at a time. */
  async wait(ms: number): Promise<void> {
    if (!this.#rung && ms > 0) {
      const rung = new AbortController();
      this.#wake = () => rung.abort();
      await this.#timing.sleep(ms, rung.signal);
      this.#wake = undefined;
    }
    this.#rung = false;
  }
}
