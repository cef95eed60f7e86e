/** A limit of calls per second, in the form in which DynamoDB Streams states its own. */
import type { Timing } from "../sdk/timing.ts";

/** At most `callsPerSecondMax` calls in any second; Infinity for no limit. */
export class CallRate {
  readonly #callsPerSecondMax: number;
  readonly #timing: Timing;
  readonly #startsMs: number[] = [];

  constructor(callsPerSecondMax: number, timing: Timing) {
    this.#callsPerSecondMax = callsPerSecondMax;
    this.#timing = timing;
  }

  /** Waits until one more call is allowed, and counts it. */
  async turn(signal: AbortSignal): Promise<void> {
    if (!Number.isFinite(this.#callsPerSecondMax)) return;
    const oldestMs = this.#startsMs.length < this.#callsPerSecondMax ? undefined : this.#startsMs.shift();
    const waitMs = oldestMs === undefined ? 0 : oldestMs + 1_000 - this.#timing.nowMs();
    if (waitMs > 0) await this.#timing.sleep(waitMs, signal);
    this.#startsMs.push(this.#timing.nowMs());
  }
}
