import type { Timing } from "../../src/sdk/timing.ts";

interface Sleeper {
  readonly wakesAtMs: number;
  readonly wake: () => void;
}

/**
 * A clock that stands still while anything runs, and jumps to the next sleeper's time when nothing does. It holds only
 * for code whose every wait is a `sleep` or a promise that something of the test resolves: no real I/O.
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

  /** Lets `ms` pass for everything that runs. */
  async pass(ms: number): Promise<void> {
    await this.sleep(ms, new AbortController().signal);
  }

  #pump(): void {
    if (this.#pumping || this.#sleepers.size === 0) return;
    this.#pumping = true;
    // All promises that can resolve by now have done so before an immediate runs.
    setImmediate(() => {
      this.#pumping = false;
      const earliestMs = Math.min(...[...this.#sleepers].map((sleeper) => sleeper.wakesAtMs));
      if (Number.isFinite(earliestMs)) this.#nowMs = Math.max(this.#nowMs, earliestMs);
      for (const sleeper of [...this.#sleepers]) if (sleeper.wakesAtMs <= this.#nowMs) sleeper.wake();
      this.#pump();
    });
  }
}
