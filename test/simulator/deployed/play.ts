/** A history of a deployed table whose columns follow its data, and its end: nothing is hidden that a column may hold. */
import type { DuckdbSession } from "../../../src/embedded/duckdb/duckdb-session.ts";
import { compactionMachine, type Machine, snapshotMachine } from "../../crash-points/machines.ts";
import { FIREHOSE_NOTICES_SECONDS } from "../../crash-points/stream-function.ts";
import { type Random, randomOf } from "../../support/random.ts";
import { failureOf, type Played, type Told } from "../history.ts";
import { Wrong } from "../world.ts";
import { checkFollowed, checkTable } from "./checks.ts";
import { type DeployedSettings, type DeployedStepKind, deployedSettings, deployedStep } from "./settings.ts";
import { deployedSteps } from "./steps.ts";
import { DeployedWorld } from "./world.ts";

export interface DeployedHistory {
  readonly seed: number;
  readonly settings: DeployedSettings;
  readonly steps: readonly {
    readonly number: number;
    readonly kind: DeployedStepKind;
    readonly seed: number;
  }[];
}

/** A longer history with the same seed begins with the same steps. */
export function deployedHistory(seed: number, length: number): DeployedHistory {
  const random = randomOf(seed);
  const settings = deployedSettings(random);
  const steps = Array.from({ length }, (_, number) => {
    const kind = deployedStep(settings, random.next());
    return { number, kind, seed: random.integer(0, 2 ** 31) };
  });
  return { seed, settings, steps };
}

/** After these the table is looked at. */
const CHECKED: ReadonlySet<DeployedStepKind> = new Set(["compact", "snapshot", "redeploy", "rollBack"]);
/** And after some writes. */
const SAMPLE_SHARE = 0.1;

export async function playDeployed(history: DeployedHistory, session: DuckdbSession): Promise<Played> {
  const world = await DeployedWorld.of(history.settings, session);
  const told: Told[] = [];
  let number: number | undefined;
  try {
    await begin(world, history.seed);
    for (const step of history.steps) {
      number = step.number;
      const random = randomOf(step.seed);
      const text = await deployedSteps[step.kind](world, random);
      if (text === undefined) continue;
      told.push({ number, text });
      if (CHECKED.has(step.kind) || random.next() < SAMPLE_SHARE) await checkTable(world);
    }
    number = undefined;
    await settle(world, history.seed);
    return { counts: world.counts, told, failure: undefined };
  } catch (error) {
    return { counts: world.counts, told, failure: failureOf(error, number) };
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
