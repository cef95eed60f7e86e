/** What all shards of a stream share: how many calls may be under way, and how much may lie in memory undelivered. */
export class PollBudget {
  readonly #callsMax: number;
  readonly #bytesMax: number;
  readonly #queue: (() => void)[] = [];
  #calls = 0;
  #bytes = 0;

  constructor(limits: { readonly callsMax: number; readonly bytesMax: number }) {
    this.#callsMax = limits.callsMax;
    this.#bytesMax = limits.bytesMax;
  }

  get hasRoom(): boolean {
    return this.#bytes < this.#bytesMax;
  }

  /** Counts bytes that came (positive) or were given out (negative). */
  count(bytes: number): void {
    this.#bytes += bytes;
  }

  /** Runs a call when its turn has come, in the order of asking. */
  async call<T>(run: () => Promise<T>): Promise<T> {
    if (this.#calls >= this.#callsMax) await new Promise<void>((resolve) => this.#queue.push(resolve));
    else this.#calls++;
    try {
      return await run();
    } finally {
      const next = this.#queue.shift();
      // The turn is handed on rather than given back, so that nobody can slip in between.
      if (next === undefined) this.#calls--;
      else next();
    }
  }
}
