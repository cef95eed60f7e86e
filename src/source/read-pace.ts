import type { Timing } from "../sdk/timing.ts";

/** The most that one page of a scan can cost: 1 MB in steps of 4 KB, read consistently. */
const pageUnitsMax = 256;

/** The first page of a paced scan is this small, since nothing is known of the items' size. */
const firstPageItems = 10;

/**
 * Spreads read units evenly over time. A page is reserved by what it will cost if its items are like those before, and
 * settled by what it did cost, so that the average holds whatever the items are like. Pages are kept to half a second's
 * units: a page of 1 MB would take a small table's whole burst at once.
 */
export class ReadPace {
  readonly #unitsPerSecond: number;
  readonly #timing: Timing;
  #balance: number;
  #balanceAtMs: number;
  #unitsPerItem: number | undefined;
  #turn: Promise<void> = Promise.resolve();

  /** `unitsPerSecond` is Infinity where reading is not limited. */
  constructor(unitsPerSecond: number, timing: Timing) {
    this.#unitsPerSecond = unitsPerSecond;
    this.#timing = timing;
    this.#balance = unitsPerSecond / 2;
    this.#balanceAtMs = timing.nowMs();
  }

  /** The most items to ask for in one page; undefined: as many as the service gives. */
  pageItemsMax(): number | undefined {
    if (!this.#limited) return undefined;
    if (this.#unitsPerItem === undefined) return firstPageItems;
    return Math.max(1, Math.floor(this.#unitsPerSecond / 2 / this.#unitsPerItem));
  }

  /** Waits for the turn of one more page, or until `untilMs`, and takes its expected cost, which `settle` wants back. */
  async reserve(untilMs: number, signal: AbortSignal): Promise<number> {
    if (!this.#limited) return 0;
    const before = this.#turn;
    let done = (): void => undefined;
    this.#turn = new Promise((resolve) => {
      done = resolve;
    });
    try {
      await before;
      const units = Math.min(pageUnitsMax, (this.pageItemsMax() ?? 0) * (this.#unitsPerItem ?? 1));
      await this.#waitFor(Math.min(units, this.#unitsPerSecond), untilMs, signal);
      this.#balance -= units;
      return units;
    } finally {
      done();
    }
  }

  /** Replaces a page's expected cost by what it cost. */
  settle(reservedUnits: number, page: { readonly units: number; readonly items: number }): void {
    if (!this.#limited) return;
    this.#balance += reservedUnits - page.units;
    if (page.items > 0) this.#unitsPerItem = Math.max(page.units / page.items, 1e-6);
  }

  get #limited(): boolean {
    return Number.isFinite(this.#unitsPerSecond);
  }

  async #waitFor(units: number, untilMs: number, signal: AbortSignal): Promise<void> {
    for (this.#refill(); this.#balance < units; this.#refill()) {
      const leftMs = untilMs - this.#timing.nowMs();
      if (leftMs <= 0 || signal.aborted) return;
      // At least a millisecond: a remainder too small for the clock to show would be waited for without end.
      const waitMs = Math.max(1, ((units - this.#balance) / this.#unitsPerSecond) * 1_000);
      await this.#timing.sleep(Math.min(waitMs, leftMs), signal);
    }
  }

  #refill(): void {
    const nowMs = this.#timing.nowMs();
    const units = ((nowMs - this.#balanceAtMs) / 1_000) * this.#unitsPerSecond;
    // Unused units are kept for one second: saving more would come out as a burst.
    this.#balance = Math.min(this.#unitsPerSecond, this.#balance + Math.max(0, units));
    this.#balanceAtMs = nowMs;
  }
}
