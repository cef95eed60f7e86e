/** An answer that costs work, for all who ask about the same time: computed once, and not again at once. */

/** An answer stays good for a multiple of what it took, too: the console may not keep a machine busy. */
const REST_FACTOR = 4;

/** What this machine can tell costs no more than its work. */
export const LOCAL_FRESH_MS = 2_000;

export class SharedAnswer<T> {
  readonly #work: () => Promise<T>;
  readonly #nowMs: () => number;
  readonly #freshMs: number;
  #answer: Promise<T> | undefined;
  #goodUntilMs = 0;

  /** `freshMs`: how long an answer stays good at least. */
  constructor(work: () => Promise<T>, nowMs: () => number, freshMs: number = LOCAL_FRESH_MS) {
    this.#work = work;
    this.#nowMs = nowMs;
    this.#freshMs = freshMs;
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
      this.#goodUntilMs = endedMs + Math.max(this.#freshMs, REST_FACTOR * (endedMs - begunMs));
      return answer;
    } catch (error) {
      this.#goodUntilMs = 0;
      throw error;
    }
  }
}
