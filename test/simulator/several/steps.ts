/** The steps of a history of several tables. Each returns what it did, or undefined if there was nothing to do. */
import type { Random } from "../../support/random.ts";
import { FATES } from "../actors.ts";
import { readyShards } from "../ready-shards.ts";
import { FAULTS, type LakeTable } from "./lake-table.ts";
import type { SeveralStepKind } from "./settings.ts";
import { startFeed, startInvocation } from "./stream-works.ts";
import type { Started, Work } from "./work.ts";
import {
  putAside,
  startCompaction,
  startLook,
  startReplay,
  startSeed,
  startSnapshot,
  startTick,
} from "./works.ts";
import type { SeveralWorld } from "./world.ts";

type Told = string | undefined;
type Run = (world: SeveralWorld, random: Random) => Promise<Told>;

/** The clocks of two hosts differ by at most twice as much. */
const CLOCK_SECONDS = 60;
const WORKS_MAX = 6;

const kindOf = ({ kind }: Work): string => kind.split(" ")[0] ?? "";

export const severalSteps: Readonly<Record<SeveralStepKind, Run>> = {
  wait,
  write,
  deliver: async (world, random) => {
    const shards = readyShards(world, world.works);
    if (shards.length === 0) return undefined;
    return begun(world, random, () => startInvocation(world, random, random.choice(shards)));
  },
  go: async (world, random) => {
    const work = someWork(world, random);
    return work && proceed(world, random, work, random.choice([1, 1, 2, 4, 8]));
  },
  finish: async (world, random) => {
    const work = someWork(world, random);
    return work && proceed(world, random, work, Number.POSITIVE_INFINITY);
  },
  crash: async (world, random) => {
    if (world.works.length === 0) return undefined;
    // Each kind alike: those that are rare, or soon over, would hardly ever die.
    const kind = random.choice([...new Set(world.works.map(kindOf))]);
    const work = random.choice(world.works.filter((one) => kindOf(one) === kind));
    world.kill(work, `crashes: ${kind}`);
    return `${work.actor.name} dies before: ${work.actor.waitsFor}`;
  },
  flush: async (world, random) => {
    const table = random.choice(world.tables);
    if (table.bufferedSinceSeconds === undefined) return undefined;
    world.flush(table, random.choice([1, 3, Number.POSITIVE_INFINITY]));
    return `the buffer of ${table.name} is written`;
  },
  tick: (world, random) => begun(world, random, () => startTick(world)),
  take: async (world, random) => {
    if (world.started.length === 0 || world.works.length >= WORKS_MAX) return undefined;
    const [started] = world.started.splice(random.integer(0, world.started.length - 1), 1);
    return begun(world, random, () => startStarted(world, random, started as Started));
  },
  fault: async (world, random) => {
    const table = random.choice(world.tables);
    const fault = random.choice(FAULTS);
    if (table.faults.has(fault)) return undefined;
    table.turn(fault);
    world.counts.add(`faults: ${fault}`);
    return `${table.name} has ${fault}`;
  },
  mend: async (world, random) => {
    const ill = world.tables.filter(({ faults }) => faults.size > 0);
    if (ill.length === 0) return undefined;
    const table = random.choice(ill);
    table.mend();
    return `${table.name} is mended`;
  },
  add: async (world, random) => {
    const others = world.tables.filter(({ configuration }) => configuration === undefined);
    if (others.length === 0) return undefined;
    const table = random.choice(others);
    const isAgain = table.configuredSeconds > 0;
    world.counts.add(isAgain ? "tables added again" : "tables added");
    await world.deploy(table);
    return `${table.name} is added${isAgain ? " again" : ""} at ${world.nowSeconds}`;
  },
  update: async (world, random) => {
    if (world.deployed.length === 0) return undefined;
    const table = random.choice(world.deployed);
    await world.deploy(table);
    return `${table.name} is updated`;
  },
  remove: async (world, random) => {
    if (world.deployed.length < 2) return undefined;
    const table = random.choice(world.deployed);
    await world.remove(table);
    world.counts.add("tables removed");
    return `${table.name} is removed at ${world.nowSeconds}`;
  },
  snapshot: (world, random) => {
    const table = random.choice(world.deployed).name;
    return begun(world, random, () => startSnapshot(world, random, table, false));
  },
  replay: async (world, random) => {
    const [path] = putAside(world);
    if (path === undefined) return undefined;
    const table: LakeTable = random.choice(world.deployed);
    const folder = random.next() < 0.5 ? path : path.slice(0, path.indexOf("/", path.indexOf("model-")) + 1);
    return begun(world, random, () => startReplay(world, table, folder));
  },
  reshard: async (world, random) => {
    const shard = world.table.split(random.integer(0, 9), random.choice([1, 2]), world.nowSeconds);
    return shard && `${shard.id} closes`;
  },
};

/** What others have started. */
export function startStarted(
  world: SeveralWorld,
  random: Random,
  started: Started,
): Promise<Work | undefined> {
  switch (started.kind) {
    case "feed":
      return startFeed(world, random, started.table);
    case "look":
      return startLook(world);
    case "compaction":
      return startCompaction(world, started.table, random);
    case "snapshot":
      return startSnapshot(world, random, started.table, started.first);
    case "seed":
      return startSeed(world, started.table, started.taken);
  }
}

const WAITS_SECONDS = { seconds: [1, 5, 20, 60, 60], minutes: [5, 30, 60, 120, 300] } as const;

async function wait(world: SeveralWorld, random: Random): Promise<Told> {
  const isLong = random.next() < 0.03;
  const seconds = random.choice(isLong ? [1000, 3600] : WAITS_SECONDS[world.settings.pace]);
  await world.advance(seconds);
  return `${seconds} s pass`;
}

async function write(world: SeveralWorld, random: Random): Promise<Told> {
  const { table } = world;
  const key = random.integer(0, world.settings.keys - 1);
  await world.advance(random.choice([0, 0, 1, 2]));
  const { nowSeconds } = world;
  if (random.next() < 0.03) {
    table.writeJunk(key, nowSeconds);
    return "a record that is no change";
  }
  const removes = table.truth.has(key) && random.next() < 0.25;
  const value = removes ? undefined : `v${table.changes.length}`;
  const timeSeconds = nowSeconds + random.choice([-CLOCK_SECONDS, CLOCK_SECONDS, 0]);
  const change = { key, realSeconds: nowSeconds, timeSeconds, value, expired: false };
  const { operation, sequence } = table.write(change, random.choice([1, 1, 7]));
  return `${operation} of ${key} as ${sequence} to ${value}, real time ${nowSeconds}, told as ${timeSeconds}`;
}

function someWork({ works }: SeveralWorld, random: Random): Work | undefined {
  return works.length === 0 ? undefined : random.choice(works);
}

/** Starts something unless much is going on. Most finish at once, the others run next to each other. */
async function begun(
  world: SeveralWorld,
  random: Random,
  start: () => Promise<Work | undefined>,
): Promise<Told> {
  if (world.works.length >= WORKS_MAX) return undefined;
  const isWhole = random.next() < 0.7;
  const work = await start();
  world.throwWrong();
  if (work === undefined) return undefined;
  return isWhole
    ? proceed(world, random, work, Number.POSITIVE_INFINITY)
    : `${work.actor.name} begins${endOf(world, work)}`;
}

async function proceed(world: SeveralWorld, random: Random, work: Work, callsMax: number): Promise<Told> {
  const told: string[] = [];
  for (let calls = 0; calls < callsMax && world.works.includes(work); calls++) {
    const { waitsFor = "" } = work.actor;
    const isDelivery = /^buffer |^create .*waiting/.test(waitsFor);
    const share = world.settings.failureShare * (isDelivery ? 4 : 1);
    const fate = random.next() < share ? random.choice(FATES) : "done";
    told.push(`${waitsFor}${fate === "done" ? "" : ` (${fate})`}`);
    await world.go(work, fate);
  }
  return `${work.actor.name}: ${told.join(", ")}${endOf(world, work)}`;
}

function endOf(world: SeveralWorld, work: Work): string {
  if (world.works.includes(work)) return "";
  const { outcome } = work.actor;
  if (outcome === undefined) return "; it is dead";
  const { error } = outcome;
  return `; it has ended${error === undefined ? "" : `: ${(error as Error).message}`}`;
}
