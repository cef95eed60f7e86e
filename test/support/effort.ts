/**
 * How much the tests try. What they try at random or point by point is written down as `npm run test:deep` tries it; `npm test`
 * tries a share of that, so that it ends within minutes. DYNALAKE_TEST_EFFORT is the factor: 1 is all of it, 10 is ten times as much.
 */
const SHARE_BY_DEFAULT = 0.25;

export const effort: number = Number(process.env.DYNALAKE_TEST_EFFORT ?? SHARE_BY_DEFAULT);
if (!(effort > 0)) throw new Error("DYNALAKE_TEST_EFFORT has to be a number above 0");

/** How many are tried of a number that is written down. */
export function tries(all: number): number {
  return Math.max(1, Math.round(all * effort));
}

/** The first one of each `step` with all effort, of more with less. */
export function everyOf<T>(step: number, all: readonly T[]): readonly T[] {
  const every = Math.max(1, Math.round(step / effort));
  return all.filter((_, i) => i % every === 0);
}

/** How many of things that are counted with all effort have to be there with this one. */
export function atLeast(all: number): number {
  return Math.floor(all * Math.min(1, effort));
}
