/**
 * How much the tests try. The numbers of random inputs and points in the tests are those of `npm run test:deep`. `npm test` tries a
 * share of them, so that it takes only minutes. DYNALAKE_TEST_EFFORT is the factor: 1 for all of them, 10 for ten times as many.
 */
const SHARE_BY_DEFAULT = 1 / 10;

export const effort: number = Number(process.env.DYNALAKE_TEST_EFFORT ?? SHARE_BY_DEFAULT);
if (!(effort > 0)) throw new Error("DYNALAKE_TEST_EFFORT has to be a number above 0");

/** Whether everything is tried. */
export const allEffort: boolean = effort >= 1;

/** How many to try of `all`. */
export function tries(all: number): number {
  return Math.max(1, Math.round(all * effort));
}

/** The first of every `step` elements with full effort, and fewer with less. */
export function everyOf<T>(step: number, all: readonly T[]): readonly T[] {
  const every = Math.max(1, Math.round(step / effort));
  return all.filter((_, i) => i % every === 0);
}

/** All with full effort, and only the first `few` with less. */
export function firstOf<T>(few: number, all: readonly T[]): readonly T[] {
  return allEffort ? all : all.slice(0, few);
}

/** How many there must be at least, given the number with full effort. */
export function atLeast(all: number): number {
  return Math.floor(all * Math.min(1, effort));
}
