/** An answer that costs work, for all who ask about the same time: computed once, and not again at once. */

/** An answer stays good for at least this long, and for a multiple of what it took: the console may not keep a machine busy. */
const FRESH_MS = 2_000;
const REST_FACTOR = 4;

export class SharedAnswer<T> {
  readonly #work: () => Promise<T>;
  readonly #nowMs: () => number;
  #answer: Promise<T> | undefined;
  #goodUntilMs = 0;

  constructor(work: () => Promise<T>, nowMs: () => number) {
    this.#work = work;
    this.#nowMs = nowMs;
  }

  get(): Promise<T> {
    if (this.#answer === undefined || this.#nowMs() >= this.#goodUntilMs) this.#answer = this.#ask();
    return this.#answer;
  }

  /** Those who ask while it is computed get the same. A failure is not kept. */
  async #ask(): Promise<T> {
    const begunMs = this.#nowMs();
    this.#goodUntilMs = Number.POSITIVE_INFINITY;
    try {
      const answer = await this.#work();
      const endedMs = this.#nowMs();
      this.#goodUntilMs = endedMs + Math.max(FRESH_MS, REST_FACTOR * (endedMs - begunMs));
      return answer;
    } catch (error) {
      this.#goodUntilMs = 0;
      throw error;
    }
  }
}
