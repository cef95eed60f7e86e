/**
 * Folds what one follower delivers behind the horizon, which the view would not show until the next compaction. A fold waits for
 * a compaction that is under way, and deliveries go on meanwhile.
 */

export interface LateFolding {
  /** Folds the changes since the oldest of them, where they are late. */
  readonly fold: (oldestChangeSeconds: number) => Promise<void>;
  /** Returns if the failed fold is to be tried again, and throws otherwise. */
  readonly onFailure: (error: unknown) => void;
  /** A clock. Default: that of this process. */
  readonly nowMs?: () => number;
}

/** Between two looks for late changes. */
const SPACING_MS = 1_000;

export class LateFolds {
  readonly #folding: LateFolding;
  /** Of what was delivered and not folded. At first everything: an earlier follower may have died between a delivery and its fold. */
  #oldestSeconds = 0;
  #triedAtMs: number = Number.NEGATIVE_INFINITY;
  #running: Promise<void> | undefined;
  #failure: { readonly error: unknown } | undefined;

  constructor(folding: LateFolding) {
    this.#folding = folding;
  }

  /** Takes note of a delivery, and begins a fold if one is due. Throws what ended an earlier one. */
  delivered(oldestChangeSeconds: number | undefined): void {
    this.#throwFailure();
    this.#oldestSeconds = Math.min(this.#oldestSeconds, oldestChangeSeconds ?? this.#oldestSeconds);
    const isDue = this.#nowMs() - this.#triedAtMs >= SPACING_MS;
    if (isDue && this.#running === undefined) void this.#begin();
  }

  /** Folds what is left. Throws what ended an earlier fold. */
  async finish(): Promise<void> {
    await this.#running;
    this.#throwFailure();
    await this.#begin();
    this.#throwFailure();
  }

  /** Resolves once no fold runs. */
  async ended(): Promise<void> {
    await this.#running;
  }

  #nowMs(): number {
    return this.#folding.nowMs?.() ?? performance.now();
  }

  #begin(): Promise<void> {
    const oldestSeconds = this.#oldestSeconds;
    if (!Number.isFinite(oldestSeconds)) return Promise.resolve();
    this.#triedAtMs = this.#nowMs();
    // What is delivered from now on is the next fold's: this one may have listed the change log before.
    this.#oldestSeconds = Number.POSITIVE_INFINITY;
    this.#running = this.#fold(oldestSeconds).finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  async #fold(oldestSeconds: number): Promise<void> {
    try {
      await this.#folding.fold(oldestSeconds);
    } catch (error) {
      this.#oldestSeconds = Math.min(this.#oldestSeconds, oldestSeconds); // breakage: failed-late-folds-tried-again
      try {
        this.#folding.onFailure(error);
      } catch (final) {
        this.#failure = { error: final };
      }
    }
  }

  #throwFailure(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
  }
}
