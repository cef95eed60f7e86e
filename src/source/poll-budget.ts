/** A limit on calls in flight and on undelivered bytes in memory, for all shards of a stream together. */
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

  /** Counts bytes fetched (positive) or taken (negative). */
  count(bytes: number): void {
    this.#bytes += bytes;
  }

  /** Runs a call when a slot is free, in the order of requests. */
  async call<T>(run: () => Promise<T>): Promise<T> {
    if (this.#calls >= this.#callsMax) await new Promise<void>((resolve) => this.#queue.push(resolve));
    else this.#calls++;
    try {
      return await run();
    } finally {
      const next = this.#queue.shift();
      // The slot passes directly to the next in line, so that a newcomer cannot take it.
      if (next === undefined) this.#calls--;
      else next();
    }
  }
}
