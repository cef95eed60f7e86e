/** What several measurements of one thing say together. */

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/** How many times the one is the other, in each pair. */
export function pairRatios(values: readonly number[], others: readonly number[]): readonly number[] {
  return values.map((value, i) => value / (others[i] as number));
}

/** The value below which this share of `sorted` lies; the last one for 1. */
export function quantile(sorted: ArrayLike<number>, share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

export interface Range {
  readonly low: number;
  readonly high: number;
}

export function rangeOf(values: readonly number[]): Range {
  return { low: Math.min(...values), high: Math.max(...values) };
}
