/** A history of several lake tables of one source, and its end: each table that is told to be whole equals the source. */
import { type Random, randomOf } from "../../support/random.ts";
import { drawnHistory, type History } from "../history.ts";
import { type Played, playOn } from "../played.ts";
import { readyShards } from "../ready-shards.ts";
import { Wrong } from "../world.ts";
import { checkAccounts, checkTruth, checkViews, isToldWhole } from "./checks.ts";
import { SEVERAL_KINDS, type SeveralSettings, type SeveralStepKind, severalSettings } from "./settings.ts";
import { severalSteps, startStarted } from "./steps.ts";
import { startInvocation } from "./stream-works.ts";
import type { Started } from "./work.ts";
import { putAside, startCompaction, startLook, startReplay, startSnapshot, startTick } from "./works.ts";
import { SeveralWorld } from "./world.ts";

export type SeveralHistory = History<SeveralSettings, SeveralStepKind>;

export function severalHistory(seed: number, length: number): SeveralHistory {
  return drawnHistory(seed, length, SEVERAL_KINDS, severalSettings);
}

/** The share of steps after which the views are looked at. */
const SAMPLE_SHARE = 0.1;

export async function playSeveral({ seed, settings, steps }: SeveralHistory): Promise<Played> {
  const world = new SeveralWorld(settings);
  return playOn<SeveralStepKind>(
    {
      counts: world.counts,
      begin: () => world.begin(),
      step: async (kind, random) => {
        const text = await severalSteps[kind](world, random);
        world.throwWrong();
        return text;
      },
      check: async (_step, random) => {
        await checkAccounts(world);
        if (random.next() < SAMPLE_SHARE) await checkViews(world);
      },
      settle: () => settle(world, randomOf(seed)),
    },
    steps,
  );
}

async function settle(world: SeveralWorld, random: Random): Promise<void> {
  for (const work of [...world.works]) await world.run(work);
  for (const table of world.tables) table.mend();
  await deliverAll(world, random);
  // Instances have seen by then what was mended, and tables are served.
  await world.advance(700);
  await deliverAll(world, random);
  // Everything that is deployed is written at least once, so that commands find it.
  const { nowSeconds } = world;
  const value = `v${world.table.changes.length}`;
  world.table.write({ key: 0, realSeconds: nowSeconds, timeSeconds: nowSeconds, value, expired: false }, 1);
  await deliverAll(world, random);
  while (putAside(world).length > 0) {
    const [path = ""] = putAside(world);
    await world.run(await startReplay(world, random.choice(world.deployed), path));
    if (putAside(world)[0] === path) throw new Wrong("a replay", `${path} stays`);
  }
  await feedAll(world, random);
  await foldAll(world);
  await checkAccounts(world);
  await checkViews(world);
  for (const table of world.deployed) await checkIfWhole(world, table);
  await repair(world, random);
  for (const table of world.deployed) {
    if (!(await isToldWhole(world, table)))
      throw new Wrong("a snapshot repairs", `"${table.name}" is not whole`);
    await checkTruth(world, table);
  }
}

async function checkIfWhole(world: SeveralWorld, table: SeveralWorld["tables"][number]): Promise<void> {
  if (await isToldWhole(world, table)) {
    world.counts.add("tables that are whole without repair");
    await checkTruth(world, table);
  } else world.counts.add("tables that tell what they lack");
}

async function deliverAll(world: SeveralWorld, random: Random): Promise<void> {
  for (
    let shards = readyShards(world, world.works);
    shards.length > 0;
    shards = readyShards(world, world.works)
  ) {
    for (const shard of shards) {
      const work = await startInvocation(world, random, shard);
      world.throwWrong();
      if (work !== undefined) await world.run(work);
    }
  }
}

/** The tick starts what there is to do. */
async function feedAll(world: SeveralWorld, random: Random): Promise<void> {
  world.started.length = 0;
  await world.advance(3700);
  await world.run(await startTick(world));
  await runStarted(world, random, ({ kind }) => kind === "feed" || kind === "look");
  for (const table of world.deployed) {
    const [path] = world.store.paths(`${table.name}/waiting/`);
    if (path !== undefined) throw new Wrong("what waits is fed", `${path} is still there`);
    if (!table.isLookedAt) throw new Wrong("a tick looks", `"${table.name}" was not looked at`);
  }
}

async function runStarted(
  world: SeveralWorld,
  random: Random,
  isWanted: (started: Started) => boolean,
): Promise<void> {
  for (let started = world.started.shift(); started !== undefined; started = world.started.shift()) {
    if (!isWanted(started)) continue;
    const work = await startStarted(world, random, started);
    world.throwWrong();
    if (work !== undefined) await world.run(work);
  }
}

async function foldAll(world: SeveralWorld): Promise<void> {
  for (const table of world.tables) world.flush(table, Number.POSITIVE_INFINITY);
  for (const table of world.tables) await world.run(await startCompaction(world, table.name));
}

/** A new snapshot of each table that lacks something. */
async function repair(world: SeveralWorld, random: Random): Promise<void> {
  await world.advance(1000);
  for (const table of world.deployed) {
    if (await isToldWhole(world, table)) continue;
    await world.run(await startSnapshot(world, random, table.name, false));
    await runStarted(world, random, ({ kind }) => kind === "seed");
  }
  await world.run(await startLook(world));
  await foldAll(world);
}
