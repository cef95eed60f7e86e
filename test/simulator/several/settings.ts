/** How histories of several tables differ, and which steps they consist of. */
import type { Random } from "../../support/random.ts";
import { drawnWeights, type Weights } from "../history.ts";

const WEIGHTS = {
  wait: 15,
  write: 26,
  deliver: 22,
  go: 20,
  finish: 8,
  crash: 2,
  flush: 2,
  tick: 5,
  take: 14,
  fault: 2.5,
  mend: 2.5,
  add: 5,
  update: 0.4,
  remove: 2,
  snapshot: 1.2,
  replay: 2,
  reshard: 0.7,
} as const;

export type SeveralStepKind = keyof typeof WEIGHTS;
export const SEVERAL_KINDS = Object.keys(WEIGHTS) as readonly SeveralStepKind[];

/** Steps that every history needs. */
const NEEDED: ReadonlySet<SeveralStepKind> = new Set([
  "wait",
  "write",
  "deliver",
  "go",
  "finish",
  "tick",
  "take",
]);

export interface SeveralSettings {
  /** Lake tables that there can be. */
  readonly tables: number;
  /** Those that are deployed together with the source. */
  readonly tablesAtFirst: number;
  readonly keys: number;
  readonly shards: number;
  readonly startSeconds: number;
  /** How long waits are. */
  readonly pace: "seconds" | "minutes";
  readonly bufferSeconds: number;
  /** The share of calls that fail, or during which the process dies. */
  readonly failureShare: number;
  /** After so many failures a batch is given up. */
  readonly triesMax: number;
  readonly snapshotEverySeconds: number | undefined;
  readonly weights: Weights<SeveralStepKind>;
}

export function severalSettings(random: Random): SeveralSettings {
  const weights = drawnWeights(random, WEIGHTS, NEEDED, [0, 1, 1, 1, 3]);
  const tables = random.integer(2, 4);
  return {
    tables,
    tablesAtFirst: random.integer(1, tables),
    keys: random.choice([2, 4, 8]),
    shards: random.integer(1, 2),
    startSeconds: 1_800_000_000 + random.integer(0, 7200),
    pace: random.choice(["seconds", "seconds", "minutes"]),
    bufferSeconds: random.choice([5, 60, 300]),
    failureShare: random.choice([0, 0.01, 0.03, 0.06]),
    triesMax: random.choice([1, 3]),
    snapshotEverySeconds: random.choice([undefined, undefined, 3600]),
    weights,
  };
}
