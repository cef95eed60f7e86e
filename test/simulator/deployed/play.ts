/** A history of a deployed table whose columns follow its data, and its end: nothing is hidden that a column may hold. */
import type { DuckdbSession } from "../../../src/embedded/duckdb/duckdb-session.ts";
import { compactionMachine, type Machine, snapshotMachine } from "../../crash-points/machines.ts";
import { FIREHOSE_NOTICES_SECONDS } from "../../crash-points/stream-function.ts";
import { type Random, randomOf } from "../../support/random.ts";
import { drawnHistory, type History } from "../history.ts";
import { type Played, playOn } from "../played.ts";
import { Wrong } from "../world.ts";
import { checkFollowed, checkTable } from "./checks.ts";
import {
  DEPLOYED_KINDS,
  type DeployedSettings,
  type DeployedStepKind,
  deployedSettings,
} from "./settings.ts";
import { deployedSteps } from "./steps.ts";
import { DeployedWorld } from "./world.ts";

export type DeployedHistory = History<DeployedSettings, DeployedStepKind>;

export function deployedHistory(seed: number, length: number): DeployedHistory {
  return drawnHistory(seed, length, DEPLOYED_KINDS, deployedSettings);
}

/** After these the table is looked at. */
const CHECKED: ReadonlySet<DeployedStepKind> = new Set(["compact", "snapshot", "redeploy", "rollBack"]);
/** And after some writes. */
const SAMPLE_SHARE = 0.1;

export async function playDeployed(
  { seed, settings, steps }: DeployedHistory,
  session: DuckdbSession,
): Promise<Played> {
  const world = await DeployedWorld.of(settings, session);
  try {
    return await playOn<DeployedStepKind>(
      {
        counts: world.counts,
        begin: () => begin(world, seed),
        step: (kind, random) => deployedSteps[kind](world, random),
        check: async ({ kind }, random) => {
          if (CHECKED.has(kind) || random.next() < SAMPLE_SHARE) await checkTable(world);
        },
        settle: () => settle(world, seed),
      },
      steps,
    );
  } finally {
    await world.deployment.engine.drop();
  }
}

/** The table's first snapshot has a few items. */
async function begin(world: DeployedWorld, seed: number): Promise<void> {
  const random = randomOf(seed);
  for (let i = 0; i < 2; i++) await world.write(random);
  world.advance(900);
  await executeUntilDone(world, snapshotMachine, random);
  await checkTable(world);
}

/** So many changes can wait, one after the other. */
const ROUNDS = 4;

async function settle(world: DeployedWorld, seed: number): Promise<void> {
  const random = randomOf(seed);
  for (let i = 0; i < ROUNDS; i++) {
    world.advance(FIREHOSE_NOTICES_SECONDS);
    await executeUntilDone(world, compactionMachine, random);
  }
  await checkTable(world);
  await checkFollowed(world);
}

/** Half of the executions may fail, but not so many one after the other. */
const ATTEMPTS_MAX = 30;

async function executeUntilDone(world: DeployedWorld, machine: Machine, random: Random): Promise<void> {
  let told = "";
  for (let attempts = 0; attempts < ATTEMPTS_MAX; attempts++) {
    told = await world.execute(machine, random);
    if (told === "done") return;
  }
  throw new Wrong("no other error", `no execution ends well; the last: ${told}`);
}
