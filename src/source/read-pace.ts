/** How fast a source table is read: a share of its capacity, or a given number of read units per second. */
import { DynalakeError } from "../core/error.ts";
import type { Timing } from "../sdk/timing.ts";
import type { SourceDescription } from "./describe-source.ts";
import { isLoopback } from "./loopback.ts";
import type { SourcePlace } from "./source-error.ts";

export interface ReadLimits {
  /**
   * Share of a provisioned table's read capacity, above 0 and at most 1. Default: 0.5, or no limit for an emulator on this
   * machine, whose capacity is not real.
   */
  readonly readShare?: number;
  /** Read units per second, in place of the share; the only limit that an on-demand table can have. */
  readonly readUnitsPerSecond?: number;
}

const READ_SHARE_DEFAULT = 0.5;

/** The most that one page can cost: 1 MB in units of 4 KB, read consistently. */
const PAGE_UNITS_MAX = 256;

/** Small, because the size of the items is not known yet. */
const FIRST_PAGE_ITEMS = 10;

/** The pace for reading a table. Fails with USAGE if a limit is out of range. */
export function paceOf(
  source: SourceDescription,
  limits: ReadLimits,
  place: SourcePlace,
  timing: Timing,
): ReadPace {
  return new ReadPace(unitsPerSecond(source, limits, place), timing);
}

function unitsPerSecond(
  source: SourceDescription,
  { readShare, readUnitsPerSecond }: ReadLimits,
  place: SourcePlace,
): number {
  if (readShare !== undefined && !(readShare > 0 && readShare <= 1))
    throw new DynalakeError("USAGE", `invalid read share: ${readShare} (above 0, at most 1)`);
  if (readUnitsPerSecond !== undefined && !(readUnitsPerSecond > 0))
    throw new DynalakeError("USAGE", `invalid read units per second: ${readUnitsPerSecond} (above 0)`);
  if (readUnitsPerSecond !== undefined) return readUnitsPerSecond;
  const share = readShare ?? (isLoopback(place.endpoint) ? Number.POSITIVE_INFINITY : READ_SHARE_DEFAULT);
  return (source.readUnitsPerSecond ?? Number.POSITIVE_INFINITY) * share;
}

/**
 * Spreads read units evenly over time. Each page reserves what it is expected to cost, going by the items before it, and is
 * then settled at its actual cost, so that the average holds for items of any size. A page is limited to the units of half
 * a second: a page of 1 MB could use up the whole burst capacity of a small table.
 */
export class ReadPace {
  readonly #unitsPerSecond: number;
  readonly #timing: Timing;
  #balance: number;
  #balanceAtMs: number;
  #unitsPerItem: number | undefined;
  #turn: Promise<void> = Promise.resolve();

  /** `unitsPerSecond` is Infinity if reading is not limited. */
  constructor(unitsPerSecond: number, timing: Timing) {
    this.#unitsPerSecond = unitsPerSecond;
    this.#timing = timing;
    this.#balance = unitsPerSecond / 2;
    this.#balanceAtMs = timing.nowMs();
  }

  /** The most items to request in one page; undefined for as many as the service returns. */
  pageItemsMax(): number | undefined {
    if (!this.#limited) return undefined;
    if (this.#unitsPerItem === undefined) return FIRST_PAGE_ITEMS;
    return Math.max(1, Math.floor(this.#unitsPerSecond / 2 / this.#unitsPerItem));
  }

  /** Waits until one more page may be read, or until `untilMs`. Returns the expected cost, to be passed to `settle`. */
  async reserve(untilMs: number, signal: AbortSignal): Promise<number> {
    if (!this.#limited) return 0;
    const before = this.#turn;
    let done = (): void => undefined;
    this.#turn = new Promise((resolve) => {
      done = resolve;
    });
    try {
      await before;
      const units = Math.min(PAGE_UNITS_MAX, (this.pageItemsMax() ?? 0) * (this.#unitsPerItem ?? 1));
      await this.#waitFor(Math.min(units, this.#unitsPerSecond), untilMs, signal);
      this.#balance -= units;
      return units;
    } finally {
      done();
    }
  }

  /** Replaces the expected cost of a page by its actual cost. */
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
      // At least a millisecond: the clock could not show a shorter wait, and the loop would never end.
      const waitMs = Math.max(1, ((units - this.#balance) / this.#unitsPerSecond) * 1_000);
      await this.#timing.sleep(Math.min(waitMs, leftMs), signal);
    }
  }

  #refill(): void {
    const nowMs = this.#timing.nowMs();
    const units = ((nowMs - this.#balanceAtMs) / 1_000) * this.#unitsPerSecond;
    // Unused units are kept for one second: more would be spent as a burst.
    this.#balance = Math.min(this.#unitsPerSecond, this.#balance + Math.max(0, units));
    this.#balanceAtMs = nowMs;
  }
}
