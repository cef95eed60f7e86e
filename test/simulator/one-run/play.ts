/** A history of a run of several lake tables, and its end: each table equals its source, or tells what it lacks until a snapshot. */
import { type Random, randomOf } from "../../support/random.ts";
import { drawnHistory, type History } from "../history.ts";
import { type Played, playOn } from "../played.ts";
import { checkTruth, checkViews, gapsOf } from "../several/checks.ts";
import type { LakeTable } from "../several/lake-table.ts";
import { Wrong } from "../world.ts";
import { checkLosses, checkPositions } from "./checks.ts";
import { ONE_RUN_KINDS, type OneRunSettings, type OneRunStepKind, oneRunSettings } from "./settings.ts";
import { isFilled, oneRunSteps } from "./steps.ts";
import { startCompaction, startRun, startSnapshot } from "./works.ts";
import { OneRunWorld } from "./world.ts";

export type OneRunHistory = History<OneRunSettings, OneRunStepKind>;

export function oneRunHistory(seed: number, length: number): OneRunHistory {
  return drawnHistory(seed, length, ONE_RUN_KINDS, oneRunSettings);
}

/** The share of steps after which the views are looked at. */
const SAMPLE_SHARE = 0.1;

export async function playOneRun({ seed, settings, steps }: OneRunHistory): Promise<Played> {
  const world = new OneRunWorld(settings);
  return playOn<OneRunStepKind>(
    {
      counts: world.counts,
      begin: () => begin(world, randomOf(seed)),
      step: async (kind, random) => {
        const text = await oneRunSteps[kind](world, random);
        world.throwWrong();
        return text;
      },
      check: async (_step, random) => {
        await checkPositions(world);
        if (random.next() < SAMPLE_SHARE) await checkViews(world);
      },
      settle: () => settle(world, randomOf(seed)),
    },
    steps,
  );
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
