/** A history of a run of several lake tables, and its end: each table equals its source, or tells what it lacks until a snapshot. */
import { type Random, randomOf } from "../../support/random.ts";
import { type Failure, failureOf, type Played, type Told } from "../history.ts";
import { checkTruth, checkViews, gapsOf } from "../several/checks.ts";
import type { LakeTable } from "../several/lake-table.ts";
import { Wrong } from "../world.ts";
import { checkLosses, checkPositions } from "./checks.ts";
import { type OneRunSettings, type OneRunStepKind, oneRunSettings, oneRunStep } from "./settings.ts";
import { isFilled, oneRunSteps } from "./steps.ts";
import { startCompaction, startRun, startSnapshot } from "./works.ts";
import { OneRunWorld } from "./world.ts";

export interface OneRunHistory {
  readonly seed: number;
  readonly settings: OneRunSettings;
  readonly steps: readonly {
    readonly number: number;
    readonly kind: OneRunStepKind;
    readonly seed: number;
  }[];
}

/** A longer history with the same seed begins with the same steps. */
export function oneRunHistory(seed: number, length: number): OneRunHistory {
  const random = randomOf(seed);
  const settings = oneRunSettings(random);
  const steps = Array.from({ length }, (_, number) => {
    const kind = oneRunStep(settings, random.next());
    return { number, kind, seed: random.integer(0, 2 ** 31) };
  });
  return { seed, settings, steps };
}

/** The share of steps after which the views are looked at. */
const SAMPLE_SHARE = 0.1;

export async function playOneRun(history: OneRunHistory): Promise<Played> {
  const world = new OneRunWorld(history.settings);
  const told: Told[] = [];
  let number: number | undefined;
  const failed = (failure: Failure | undefined): Played => ({ counts: world.counts, told, failure });
  try {
    await begin(world, randomOf(history.seed));
    for (const step of history.steps) {
      number = step.number;
      const random = randomOf(step.seed);
      const text = await oneRunSteps[step.kind](world, random);
      world.throwWrong();
      if (text === undefined) continue;
      told.push({ number, text });
      world.counts.add("steps that did something");
      await checkPositions(world);
      if (random.next() < SAMPLE_SHARE) await checkViews(world);
    }
    number = undefined;
    await settle(world, randomOf(history.seed));
    return failed(undefined);
  } catch (error) {
    return failed(failureOf(error, number));
  }
}

async function begin(world: OneRunWorld, random: Random): Promise<void> {
  const first = world.tables.slice(0, world.settings.tablesAtFirst);
  for (const table of first) world.wanted.add(table);
  // A snapshot as old as its stream tells a gap.
  world.advance(300);
  await world.finish(await startSnapshot(world, random, first), random);
}

async function settle(world: OneRunWorld, random: Random): Promise<void> {
  world.faults.clear();
  for (const work of [...world.works]) {
    if (work.kind === "run") world.kill(work);
    else await world.finish(work, random);
  }
  if (world.table.stream === undefined) world.table.enableStream(1, world.nowSeconds);
  const others = world.tables.filter((table) => !isFilled(table));
  if (others.length > 0) await world.finish(await startSnapshot(world, random, others), random);
  await readAndFold(world, random);
  await checkPositions(world, "all");
  for (const table of world.tables) await checkLosses(world, table);
  await checkViews(world);
  await repair(world, random);
}

/** All that the stream has, for every table. */
async function readAndFold(world: OneRunWorld, random: Random): Promise<void> {
  const run = await startRun(world, random, world.tables, "once");
  await world.finish(run, random);
  const error = run.actor.outcome?.error;
  if (error !== undefined) throw new Wrong("a run to the end", String((error as Error).message));
  for (const table of world.tables) await world.finish(await startCompaction(world, table, 0), random);
}

/** A new snapshot of each table that lacks something: then it is its source. */
async function repair(world: OneRunWorld, random: Random): Promise<void> {
  const isWhole = async (table: LakeTable): Promise<boolean> =>
    (await gapsOf(world, table)).gaps.length === 0;
  const torn: LakeTable[] = [];
  for (const table of world.tables) {
    if (await isWhole(table)) {
      world.counts.add("tables that are whole without repair");
      await checkTruth(world, table);
    } else torn.push(table);
  }
  if (torn.length === 0) return;
  world.counts.add("tables that tell what they lack", torn.length);
  world.advance(1000);
  await world.finish(await startSnapshot(world, random, torn), random);
  await readAndFold(world, random);
  for (const table of torn) {
    if (!(await isWhole(table))) throw new Wrong("a snapshot repairs", `"${table.name}" is not whole`);
    await checkTruth(world, table);
  }
}
