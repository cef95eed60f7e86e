/** How histories of a `run` of several tables differ, and which steps they consist of. */
import type { Random } from "../../support/random.ts";
import { drawnWeights, type Weights } from "../history.ts";

const WEIGHTS = {
  wait: 8,
  write: 22,
  run: 6,
  go: 30,
  finish: 5,
  crash: 1.5,
  stop: 1,
  add: 2.5,
  remove: 1,
  snapshot: 1.5,
  compact: 3,
  fault: 0.7,
  mend: 2.5,
  reshard: 1.5,
  stream: 0.3,
} as const;

export type OneRunStepKind = keyof typeof WEIGHTS;
export const ONE_RUN_KINDS = Object.keys(WEIGHTS) as readonly OneRunStepKind[];

/** Steps that every history needs. */
const NEEDED: ReadonlySet<OneRunStepKind> = new Set(["wait", "write", "run", "go", "finish", "add"]);

export interface OneRunSettings {
  /** Lake tables that there can be. */
  readonly tables: number;
  readonly tablesAtFirst: number;
  readonly keys: number;
  readonly shards: number;
  readonly startSeconds: number;
  readonly firstSequence: number;
  /** Answers are small, so that the tables are at different places in them. */
  readonly recordsPerAnswer: number;
  /** The share of calls that fail, or during which the process dies. */
  readonly failureShare: number;
  /** The share of waits that are longer than the stream keeps its records. */
  readonly longWaits: number;
  readonly weights: Weights<OneRunStepKind>;
}

export function oneRunSettings(random: Random): OneRunSettings {
  const weights = drawnWeights(random, WEIGHTS, NEEDED, [0, 1, 1, 1, 3]);
  const tables = random.integer(2, 4);
  return {
    tables,
    tablesAtFirst: random.integer(1, tables),
    keys: random.choice([2, 4, 8]),
    shards: random.integer(1, 3),
    startSeconds: 1_700_000_000 + random.integer(0, 86_400),
    firstSequence: random.choice([10, 900, 9_950, 99_999_999_900]),
    recordsPerAnswer: random.choice([1, 2, 5, 1000]),
    failureShare: random.choice([0, 0, 0.01, 0.03]),
    longWaits: random.choice([0, 0.05, 0.2]),
    weights,
  };
}
