/** The steps of a history of a deployed table. Each returns what it did, or undefined if there was nothing to do. */
import { DynalakeError } from "../../../src/core/error.ts";
import { parseSchema } from "../../../src/core/schema/schema.ts";
import { compactionMachine, snapshotMachine } from "../../crash-points/machines.ts";
import { FIREHOSE_NOTICES_SECONDS } from "../../crash-points/stream-function.ts";
import type { Random } from "../../support/random.ts";
import { STAGES } from "../evolving-item.ts";
import { changedFile, type DeployedStepKind } from "./settings.ts";
import type { DeployedWorld } from "./world.ts";

type Told = string | undefined;
type Run = (world: DeployedWorld, random: Random) => Promise<Told>;

/** The share of functions' ends after which something is written before the next one begins. */
const BETWEEN_SHARE = 0.1;

export const deployedSteps: Readonly<Record<DeployedStepKind, Run>> = {
  wait: async (world, random) => {
    const seconds = random.choice([5, 30, 70, 300]);
    world.advance(seconds);
    return `${seconds} s pass`;
  },
  settle: async (world, random) => {
    const seconds = FIREHOSE_NOTICES_SECONDS - random.choice([0, 0, 1, 60]);
    world.advance(seconds);
    return `${seconds} s pass`;
  },
  age: async (world) => {
    if (world.stage === STAGES - 1) return undefined;
    world.stage++;
    return `writers are at stage ${world.stage}`;
  },
  write: (world, random) => world.write(random),
  compact: async (world, random) =>
    `a compaction: ${await world.execute(compactionMachine, random, writes(world, random))}`,
  snapshot: async (world, random) => {
    // An export is fuzzy: what has just changed it may not have.
    world.advance(900);
    return `a snapshot: ${await world.execute(snapshotMachine, random)}`;
  },
  redeploy: (world, random) => {
    const last = world.deployed.at(-1)?.file;
    return deploy(world, parseSchema(changedFile(last as never, random), "a changed file"), "a changed file");
  },
  rollBack: (world, random) => deploy(world, random.choice(world.deployed), "an earlier file"),
  begin: async (world, random) => {
    const number = world.someInstance(random);
    world.beginInstance(number);
    return `instance ${number} begins anew`;
  },
};

function writes(world: DeployedWorld, random: Random): () => Promise<unknown> {
  return async () => (random.next() < BETWEEN_SHARE ? world.write(random) : undefined);
}

async function deploy(
  world: DeployedWorld,
  schema: DeployedWorld["deployed"][number],
  what: string,
): Promise<Told> {
  try {
    await world.deployment.redeploy(schema);
  } catch (error) {
    if (!(error instanceof DynalakeError) || error.code !== "SCHEMA_INVALID") throw error;
    world.counts.add("deployments refused");
    return `${what} is refused: ${error.message}`;
  }
  if (world.deployed.at(-1) !== schema) world.deployed.push(schema);
  world.counts.add(`deployments: ${what}`);
  return `${what} is deployed`;
}
