/** How histories of a deployed table differ, and which steps they consist of. */

import type { SchemaFile } from "../../../src/core/schema/schema.ts";
import type { Evolve } from "../../../src/core/schema/schema-file.ts";
import type { Random } from "../../support/random.ts";
import { drawnWeights, type Weights } from "../history.ts";

const WEIGHTS = {
  wait: 10,
  settle: 5,
  age: 4,
  write: 30,
  compact: 14,
  snapshot: 3,
  redeploy: 2,
  rollBack: 2,
  begin: 3,
} as const;

export type DeployedStepKind = keyof typeof WEIGHTS;
export const DEPLOYED_KINDS = Object.keys(WEIGHTS) as readonly DeployedStepKind[];

/** Steps that every history needs. */
const NEEDED: ReadonlySet<DeployedStepKind> = new Set(["wait", "settle", "age", "write", "compact"]);

export interface DeployedSettings {
  readonly keys: number;
  readonly evolve: Evolve;
  readonly partitionBy: string;
  readonly startSeconds: number;
  /** The share of executions in which a call fails or a function dies. */
  readonly failureShare: number;
  readonly weights: Weights<DeployedStepKind>;
}

export function deployedSettings(random: Random): DeployedSettings {
  const weights = drawnWeights(random, WEIGHTS, NEEDED, [0, 1, 1, 3]);
  return {
    keys: random.choice([2, 4]),
    evolve: random.choice(["all", "all", "all", "types", "none"]),
    partitionBy: random.choice(["bucket(1)", "bucket(2)", "identity(g)", "identity(part)"]),
    startSeconds: 1_700_000_000 + random.integer(0, 86_400),
    failureShare: random.choice([0, 0.2, 0.5]),
    weights,
  };
}

/** A later file: what somebody changes in the one that was deployed last. */
export function changedFile(file: SchemaFile, random: Random): SchemaFile {
  const [attribute, spec] = random.choice([
    ["price", { type: random.choice(["decimal(22,3)", "decimal(30,6)"]) }],
    ["size", { type: random.choice(["bigint", "decimal(14,2)"]) }],
    ["price", { name: random.choice(["cost", "amount", "price"]) }],
    ["size", { hidden: random.choice([true, false]) }],
    ["note", { type: "string" }],
    ["flag", { type: "boolean" }],
    ["tags", { type: "array<bigint>" }],
    ["to", { type: "struct<a:bigint,b:string>" }],
  ] as const);
  const changed = { ...file.attributes[attribute], ...spec } as SchemaFile["attributes"][string];
  return { ...file, attributes: { ...file.attributes, [attribute]: changed } };
}
