/** Waiting as DynamoDB Streams wants it: so many calls in a second, and readers that wake each other. */
import type { Timing } from "../sdk/timing.ts";

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
