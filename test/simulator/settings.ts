/** How histories differ, and which steps they consist of. */
import type { Evolve } from "../../src/core/schema/schema-file.ts";
import type { Random } from "../support/random.ts";
import { drawnWeights, type Weights } from "./history.ts";

export interface Settings {
  /** embedded: one follower with a saved position and immediate objects. aws: many invocations, and a buffer before the log. */
  readonly deployment: "embedded" | "aws";
  readonly keys: number;
  readonly partitionBy: string;
  /** Whether the attribute of the value is declared later. */
  readonly declaresLater: boolean;
  readonly firstSequence: number;
  readonly shards: number;
  readonly startSeconds: number;
  /** How long waits are. */
  readonly pace: "seconds" | "minutes" | "hours";
  /** Acknowledged rows are written after at most this many seconds. An hour is more than the lake allows for. */
  readonly bufferSeconds: number;
  /** The share of calls that fail, or during which the process dies. */
  readonly failureShare: number;
  readonly snapshotsKept: number;
  /** Embedded only. Late: after the stream has lost records; earlier exports may be taken in after that. */
  readonly firstReading: "at any time" | "late" | "late, and before any snapshot";
  readonly weights: Weights<StepKind>;
  /** What the schema follows by itself, where attributes and types change over time. */
  readonly evolve: Evolve | undefined;
}

const WEIGHTS = {
  wait: 9,
  write: 28,
  go: 26,
  finish: 8,
  crash: 0.7,
  deliver: 12,
  flush: 2,
  replay: 3,
  minor: 6,
  major: 4,
  export: 1.2,
  seed: 1.5,
  vacuum: 1.5,
  reshard: 1,
  stream: 0.3,
  declare: 0.8,
} as const;
/** Steps of tables whose items and schemas change over time. */
const EVOLVING_KINDS = ["age", "edit", "apply"] as const;

type PlainKind = keyof typeof WEIGHTS;
export type StepKind = PlainKind | (typeof EVOLVING_KINDS)[number];
export const KINDS: readonly StepKind[] = [...(Object.keys(WEIGHTS) as PlainKind[]), ...EVOLVING_KINDS];

/** Steps that every history needs. */
const NEEDED: ReadonlySet<PlainKind> = new Set(["wait", "write", "go", "finish", "deliver"]);

export function settingsOf(random: Random): Settings {
  const weights = drawnWeights<PlainKind>(random, WEIGHTS, NEEDED, [0, 0.5, 1, 1, 3]);
  return withFirstReading({
    deployment: random.choice(["embedded", "aws"]),
    keys: random.choice([2, 4, 4, 12]),
    partitionBy: random.choice(["bucket(1)", "bucket(3)", "identity(g)"]),
    declaresLater: random.next() < 0.3,
    firstSequence: random.choice([1, 5, 90, 9_985, 99_999_999_990]),
    shards: random.integer(1, 3),
    startSeconds: 1_700_000_000 + random.integer(0, 86_400),
    pace: random.choice(["seconds", "minutes", "hours"]),
    bufferSeconds: random.choice([60, 900, 3000]),
    failureShare: random.choice([0, 0.01, 0.05]),
    snapshotsKept: random.choice([1, 2]),
    firstReading: random.choice([
      "at any time",
      "at any time",
      "at any time",
      "late",
      "late, and before any snapshot",
    ]),
    weights,
    evolve: undefined,
  });
}

/** Before a stream is read late, it must lose records; afterwards, earlier exports must exist. */
function withFirstReading(settings: Settings): Settings {
  if (settings.firstReading === "at any time") return settings;
  const { wait, export: exported, seed } = WEIGHTS;
  const weights = { wait: wait * 3, export: exported * 3, seed: seed * 3 };
  return {
    ...settings,
    deployment: "embedded",
    pace: "hours",
    weights: { ...settings.weights, ...weights },
  };
}

/** The same world with items that change over time, in a folder. It is slower: its engine is a real one. */
export function evolving(settings: Settings, random: Random): Settings {
  return {
    ...settings,
    deployment: "embedded",
    declaresLater: false,
    firstReading: "at any time",
    keys: random.choice([2, 4]),
    partitionBy: random.choice(["bucket(1)", "bucket(3)", "identity(g)", "identity(part)"]),
    evolve: random.choice(["all", "all", "all", "types", "none"]),
    failureShare: random.choice([0, 0.02, 0.05]),
    weights: {
      ...WEIGHTS,
      ...EVOLVING_WEIGHTS,
      ...(random.next() < 0.2 ? SNAPSHOTS_ONLY : {}),
      edit: random.choice([0, 1, 3]),
    },
  };
}

/** Until the first change is delivered, snapshots may change columns to types of any kind. */
const SNAPSHOTS_ONLY = { deliver: 0.5, replay: 0, export: 8, seed: 8, age: 6 };

const EVOLVING_WEIGHTS = {
  write: 24,
  deliver: 14,
  minor: 10,
  export: 2,
  seed: 3,
  declare: 0,
  age: 4,
  apply: 1,
};
