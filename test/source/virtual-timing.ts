/** Virtual time for tests. */
import type { Timing } from "../../src/sdk/timing.ts";

interface Sleeper {
  readonly wakesAtMs: number;
  readonly wake: () => void;
}

/**
 * A clock that stands still while anything runs, and jumps to the wake-up time of the next sleeper when nothing does. For code
 * without real I/O, in which every wait is a `sleep` or a promise that the test resolves.
 */
export class VirtualTiming implements Timing {
  readonly #sleepers: Set<Sleeper> = new Set();
  #nowMs: number;
  #pumping = false;
  #chance = 0;

  constructor(startMs = 1_700_000_000_000) {
    this.#nowMs = startMs;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  random(): number {
    this.#chance = (this.#chance * 16807 + 11) % 2147483647;
    return this.#chance / 2147483647;
  }

  sleep(ms: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const wake = (): void => {
        this.#sleepers.delete(sleeper);
        signal.removeEventListener("abort", wake);
        resolve();
      };
      const sleeper: Sleeper = { wakesAtMs: this.#nowMs + Math.max(0, ms), wake };
      this.#sleepers.add(sleeper);
      signal.addEventListener("abort", wake);
      this.#pump();
    });
  }

  /** Advances the clock by `ms`. */
  async pass(ms: number): Promise<void> {
    await this.sleep(ms, new AbortController().signal);
  }

  #pump(): void {
    if (this.#pumping || this.#sleepers.size === 0) return;
    this.#pumping = true;
    // An immediate runs after every promise that can resolve has done so.
    setImmediate(() => {
      this.#pumping = false;
      const earliestMs = Math.min(...[...this.#sleepers].map((sleeper) => sleeper.wakesAtMs));
      if (Number.isFinite(earliestMs)) this.#nowMs = Math.max(this.#nowMs, earliestMs);
      for (const sleeper of [...this.#sleepers]) if (sleeper.wakesAtMs <= this.#nowMs) sleeper.wake();
      this.#pump();
    });
  }
}
