/** How many digits numbers have on either side of the point, and which of them a decimal can hold together. */
import type { Digits } from "../schema/widening.ts";

/** Of a decimal, in all engines. */
export const DIGITS_MAX = 38;
/** Sides with more digits are counted as one: no decimal holds such a number. */
const SIDE_MAX = DIGITS_MAX + 1;

/** The number of numbers by their digits, of bounded size. */
export type DigitCounts = Map<number, number>;

export interface CountedDigits extends Digits {
  readonly count: number;
}

export function addDigits(counts: DigitCounts, { whole, fraction, count }: CountedDigits): void {
  const key = Math.min(whole, SIDE_MAX) * (SIDE_MAX + 1) + Math.min(fraction, SIDE_MAX);
  counts.set(key, (counts.get(key) ?? 0) + count);
}

export function mergedDigits(one: DigitCounts, other: DigitCounts): DigitCounts {
  const merged = new Map(one);
  for (const [key, count] of other) merged.set(key, (merged.get(key) ?? 0) + count);
  return merged;
}

/**
 * The digits of so many numbers, of which a sample was seen and all `misfits` that a column does not hold. The others are as they are
 * in the sample, in equal shares.
 */
export function grownDigits(sample: DigitCounts, misfits: DigitCounts, total: number): DigitCounts {
  // The sample's own misfits are among all misfits.
  const others = new Map([...sample].filter(([key]) => !misfits.has(key)));
  const factor = (total - totalDigits(misfits)) / totalDigits(others);
  const grown = new Map(misfits);
  for (const [key, count] of others) grown.set(key, Math.max(1, Math.round(count * factor)));
  return grown;
}

export function totalDigits(counts: DigitCounts): number {
  return [...counts.values()].reduce((sum, count) => sum + count, 0);
}

function digitCounts(counts: DigitCounts): readonly CountedDigits[] {
  return [...counts].map(([key, count]) => {
    const fraction = key % (SIDE_MAX + 1);
    return { whole: (key - fraction) / (SIDE_MAX + 1), fraction, count };
  });
}

/** How many of the numbers have no more digits than these. */
export function heldBy({ whole, fraction }: Digits, counts: DigitCounts): number {
  return digitCounts(counts)
    .filter((each) => each.whole <= whole && each.fraction <= fraction)
    .reduce((sum, { count }) => sum + count, 0);
}

const NONE: Digits = { whole: 0, fraction: 0 };

/**
 * The digits of the decimal that holds the most of the numbers, and how many it holds: at least `least`, and no more than these
 * numbers need. One number of other digits than all others takes nothing from them.
 */
export function mostHeld(counts: DigitCounts, least: Digits = NONE): CountedDigits {
  let best: CountedDigits = { ...least, count: 0 };
  for (let fraction = least.fraction; fraction <= DIGITS_MAX - least.whole; fraction++) {
    const count = heldBy({ whole: DIGITS_MAX - fraction, fraction }, counts);
    // breakage: stray-numbers-take-no-room
    if (count > best.count) best = { whole: DIGITS_MAX - fraction, fraction, count };
  }
  if (best.count === 0) return best;
  const held = digitCounts(counts).filter(
    ({ whole, fraction }) => whole <= best.whole && fraction <= best.fraction,
  );
  return { ...best, whole: Math.max(least.whole, ...held.map(({ whole }) => whole)) };
}
