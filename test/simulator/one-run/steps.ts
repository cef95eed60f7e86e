/** The steps of a history of a run. Each returns what it did, or undefined if there was nothing to do. */
import type { Random } from "../../support/random.ts";
import { FATES } from "../actors.ts";
import type { LakeTable } from "../several/lake-table.ts";
import type { OneRunStepKind } from "./settings.ts";
import { startCompaction, startRun, startSnapshot } from "./works.ts";
import { FOLDER_FAULTS, type OneRunWork, type OneRunWorld, SEQUENCE_STEP } from "./world.ts";

type Told = string | undefined;
type Run = (world: OneRunWorld, random: Random) => Promise<Told>;

/** The clocks of two hosts differ by at most twice as much. */
const CLOCK_SECONDS = 60;
const WORKS_MAX = 4;

export const oneRunSteps: Readonly<Record<OneRunStepKind, Run>> = {
  wait: async (world, random) => {
    const isLong = random.next() < world.settings.longWaits;
    const seconds = random.choice(isLong ? [30_000, 87_000, 100_000] : [1, 5, 30, 120, 600]);
    world.advance(seconds);
    return `${seconds} s pass`;
  },
  write,
  run: async (world, random) => {
    const tables = [...world.wanted].filter(isFilled);
    if (world.run !== undefined || tables.length === 0) return undefined;
    // Nobody leaves the stream off for long.
    if (world.table.stream === undefined && random.next() < 0.5) enableStream(world);
    const work = await startRun(world, random, tables, random.next() < 0.8 ? "for ever" : "once");
    return proceed(world, random, work, random.choice([10, 100]));
  },
  go: async (world, random) => {
    const work = someWork(world, random);
    return work && proceed(world, random, work, random.choice([1, 4, 20, 100]));
  },
  finish: async (world, random) => {
    const work = world.works.find(({ kind }) => kind !== "run");
    return work && proceed(world, random, work, 2000);
  },
  crash: async (world, random) => {
    const work = someWork(world, random);
    if (work === undefined) return undefined;
    world.counts.add(`crashes: ${work.kind}`);
    world.kill(work);
    return `${work.actor.name} dies before: ${work.actor.waitsFor}`;
  },
  stop: async (world) => {
    const { run } = world;
    if (run === undefined) return undefined;
    await world.stop(run);
    return `${run.actor.name} is stopped${endOf(world, run)}`;
  },
  add: async (world, random) => {
    const others = world.tables.filter((table) => !world.wanted.has(table));
    if (others.length === 0) return undefined;
    const table = random.choice(others);
    world.wanted.add(table);
    world.counts.add(isFilled(table) ? "tables added again" : "tables added");
    // A run follows the tables that it began with.
    if (world.run !== undefined) await world.stop(world.run);
    if (isFilled(table)) return `${table.name} is followed again`;
    const work = await startSnapshot(world, random, [table]);
    return `${table.name} is followed: ${await proceed(world, random, work, random.choice([0, 2000]))}`;
  },
  remove: async (world, random) => {
    if (world.wanted.size < 2) return undefined;
    const table = random.choice([...world.wanted]);
    world.wanted.delete(table);
    world.counts.add("tables removed");
    if (world.run !== undefined) await world.stop(world.run);
    return `${table.name} is followed no more`;
  },
  snapshot: async (world, random) => {
    if (world.wanted.size === 0 || world.works.length >= WORKS_MAX) return undefined;
    const all = [...world.wanted];
    const work = await startSnapshot(world, random, random.next() < 0.5 ? all : [random.choice(all)]);
    return proceed(world, random, work, random.choice([0, 10, 2000]));
  },
  compact: async (world, random) => {
    const tables = world.tables.filter(isFilled);
    if (tables.length === 0 || world.works.length >= WORKS_MAX) return undefined;
    const kind = random.choice(["minor", "minor", "major"] as const);
    const work = await startCompaction(world, random.choice(tables), random.choice([0, 60, 600]), kind);
    return proceed(world, random, work, random.choice([0, 10, 2000]));
  },
  fault: async (world, random) => {
    const table = random.choice(world.tables);
    const fault = random.choice(FOLDER_FAULTS);
    world.faults.set(table, fault);
    world.counts.add(`faults: ${fault}`);
    return `${table.name} has ${fault}`;
  },
  mend: async (world) => {
    if (world.faults.size === 0) return undefined;
    world.faults.clear();
    return "all folders have room";
  },
  reshard: async (world, random) => {
    const shard = world.table.split(random.integer(0, 9), random.choice([1, 2]), world.nowSeconds);
    if (shard === undefined) return undefined;
    world.counts.add("shards closed");
    return `${shard.id} closes`;
  },
  stream: async (world) => {
    const { table } = world;
    if (table.stream !== undefined) {
      table.disableStream(world.nowSeconds);
      return "the stream is switched off";
    }
    enableStream(world);
    return "the table gets a new stream";
  },
};

/** `run` follows what has a snapshot. */
export function isFilled({ commit }: LakeTable): boolean {
  return commit.floorSeconds > 0;
}

function enableStream(world: OneRunWorld): void {
  world.table.enableStream(world.settings.shards, world.nowSeconds);
  world.counts.add("streams made anew");
}

async function write(world: OneRunWorld, random: Random): Promise<Told> {
  const { table } = world;
  const key = random.integer(0, world.settings.keys - 1);
  world.advance(random.choice([0, 0, 1, 2]));
  const { nowSeconds } = world;
  if (random.next() < 0.03) return world.writeJunk(key) ? "a record that is no change" : undefined;
  const removes = table.truth.has(key) && random.next() < 0.25;
  const value = removes ? undefined : `v${table.changes.length}`;
  const timeSeconds = nowSeconds + random.choice([-CLOCK_SECONDS, CLOCK_SECONDS, 0]);
  const change = { key, realSeconds: nowSeconds, timeSeconds, value, expired: false };
  const { operation, sequence } = world.write(change, SEQUENCE_STEP * random.choice([1, 1, 7]));
  return `${operation} of ${key} as ${sequence} to ${value}, real time ${nowSeconds}, told as ${timeSeconds}`;
}

function someWork({ works }: OneRunWorld, random: Random): OneRunWork | undefined {
  return works.length === 0 ? undefined : random.choice(works);
}

async function proceed(
  world: OneRunWorld,
  random: Random,
  work: OneRunWork,
  movesMax: number,
): Promise<string> {
  const told: string[] = [];
  for (let moves = 0; moves < movesMax && world.works.includes(work); moves++) {
    const { waitsFor } = work.actor;
    const isWrite = waitsFor !== undefined && /^(create|replace|deliver) /.test(waitsFor);
    const share = world.settings.failureShare * (isWrite ? 3 : 1);
    const fate = waitsFor !== undefined && random.next() < share ? random.choice(FATES) : "done";
    if (waitsFor !== undefined && !waitsFor.startsWith("getRecords"))
      told.push(`${waitsFor}${fate === "done" ? "" : ` (${fate})`}`);
    await world.go(work, random, fate);
  }
  return `${work.actor.name}: ${told.join(", ")}${endOf(world, work)}`;
}

function endOf(world: OneRunWorld, work: OneRunWork): string {
  if (world.works.includes(work)) return "";
  const { outcome } = work.actor;
  if (outcome === undefined) return "; it is dead";
  return `; it has ended${outcome.error === undefined ? "" : `: ${(outcome.error as Error).message}`}`;
}
