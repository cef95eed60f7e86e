/** How readers of a stream wake each other. */
import type { Timing } from "../sdk/timing.ts";

/** Wakes its waiter. A ring without a waiter is remembered for the next wait. */
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

  /** Resolves at the next ring or after `ms` milliseconds. One waiter at a time. */
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
