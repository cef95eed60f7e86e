/** Histories of any world: settings and steps that follow from a seed. */
import { type Random, randomOf } from "../support/random.ts";

export interface Step<Kind extends string> {
  /** The number of the step in the history. */
  readonly number: number;
  readonly kind: Kind;
  readonly seed: number;
}

export interface History<Settings, Kind extends string> {
  readonly seed: number;
  readonly settings: Settings;
  readonly steps: readonly Step<Kind>[];
}

/** How often each kind of step comes, in proportion to the others. */
export type Weights<Kind extends string> = Readonly<Partial<Record<Kind, number>>>;

/** A longer history with the same seed begins with the same steps. */
export function drawnHistory<Settings extends { readonly weights: Weights<Kind> }, Kind extends string>(
  seed: number,
  length: number,
  kinds: readonly Kind[],
  settingsOf: (random: Random) => Settings,
): History<Settings, Kind> {
  const random = randomOf(seed);
  const settings = settingsOf(random);
  const steps = Array.from({ length }, (_, number) => {
    const kind = weighted(kinds, settings.weights, random.next());
    return { number, kind, seed: random.integer(0, 2 ** 31) };
  });
  return { seed, settings, steps };
}

/** Weights that differ from history to history. Kinds that every history needs are never left out; others get one of `factors`. */
export function drawnWeights<Kind extends string>(
  random: Random,
  weights: Readonly<Record<Kind, number>>,
  needed: ReadonlySet<Kind>,
  factors: readonly number[],
): Readonly<Record<Kind, number>> {
  const kinds = Object.keys(weights) as Kind[];
  return Object.fromEntries(
    kinds.map((kind) => [kind, weights[kind] * random.choice(needed.has(kind) ? [0.5, 1, 2] : factors)]),
  ) as Record<Kind, number>;
}

/** Picks a kind by weight; `dice` is from 0 to below 1. */
function weighted<Kind extends string>(kinds: readonly Kind[], weights: Weights<Kind>, dice: number): Kind {
  let left = dice * kinds.reduce((sum, kind) => sum + (weights[kind] ?? 0), 0);
  const picked = kinds.find((kind) => {
    left -= weights[kind] ?? 0;
    return left < 0;
  });
  return picked ?? (kinds.findLast((kind) => (weights[kind] ?? 0) > 0) as Kind);
}
