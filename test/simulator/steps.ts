/** The steps of a history. Each returns what it did, or undefined if there was nothing to do. */
import type { Random } from "../support/random.ts";
import { FATES, type Fate } from "./actors.ts";
import { appliedEdit, editSchemaFile } from "./edits.ts";
import { startApply } from "./evolving-processes.ts";
import { NEXT_BATCH } from "./model-source.ts";
import type { ModelRecord } from "./model-table.ts";
import {
  startDeclare,
  startFollower,
  startInvocation,
  startMajor,
  startMinor,
  startReplay,
  startSeed,
  startVacuum,
} from "./processes.ts";
import { readyShards } from "./ready-shards.ts";
import type { StepKind } from "./settings.ts";
import { isCommitCall, isDeliveryCall, type Process, type World } from "./world.ts";

type Told = string | undefined;
type Run = (world: World, random: Random) => Promise<Told>;

/** The clocks of two hosts differ by at most twice as much. */
const CLOCK_SECONDS = 60;
const PROCESSES_MAX = 6;

export const steps: Readonly<Record<StepKind, Run>> = {
  wait,
  write,
  go,
  finish,
  crash,
  deliver,
  flush,
  replay,
  minor: (world, random) =>
    begun(world, random, () => startMinor(world, random, random.choice([0, 0, 30, 60, 600, 3600, Infinity]))),
  major: (world, random) => begun(world, random, () => startMajor(world, random)),
  export: exported,
  seed: seeded,
  vacuum: (world, random) => begun(world, random, () => startVacuum(world, random)),
  reshard,
  stream,
  declare: async (world, random) => {
    if (!world.settings.declaresLater) return undefined;
    return begun(world, random, () => startDeclare(world));
  },
  age: async (world) => (world.age() ? `items have what comes with stage ${world.stage}` : undefined),
  edit: (world, random) => editSchemaFile(world, random),
  apply: async (world, random) => {
    const wish = await appliedEdit(world, random);
    return wish && begun(world, random, () => startApply(world, wish));
  },
};

const WAITS_SECONDS = {
  seconds: [1, 2, 5, 30, 60, 120],
  minutes: [5, 60, 120, 300, 600],
  hours: [5, 60, 600, 3600, 7200],
} as const;

async function wait(world: World, random: Random): Promise<Told> {
  const isLong = random.next() < 0.02;
  const seconds = random.choice(isLong ? [30_000, 100_000] : WAITS_SECONDS[world.settings.pace]);
  await world.advance(seconds);
  return `${seconds} s pass`;
}

async function write(world: World, random: Random): Promise<Told> {
  const { table } = world;
  const key = random.integer(0, world.settings.keys - 1);
  await world.advance(random.choice([0, 0, 1, 2]));
  const { nowSeconds } = world;
  const dice = random.next();
  if (dice < 0.03) {
    table.writeJunk(key, nowSeconds);
    world.counts.add("records that are no changes");
    return "a record that is no change";
  }
  const held = table.truth.get(key);
  if (dice < 0.08 && held !== undefined) {
    world.counts.add("writes that change nothing");
    return `a write to ${key} changes nothing`;
  }
  const removes = held !== undefined && random.next() < 0.35;
  const expired = removes && random.next() < 0.3;
  const clockSeconds = random.choice([
    -CLOCK_SECONDS,
    CLOCK_SECONDS,
    random.integer(-CLOCK_SECONDS, CLOCK_SECONDS),
  ]);
  const timeSeconds = nowSeconds + clockSeconds;
  const before = table.lastBy(key, nowSeconds);
  const step = random.choice([1, 1, 7]);
  const value = removes ? undefined : world.nextValue();
  const change = table.write({ key, realSeconds: nowSeconds, timeSeconds, value, expired }, step);
  world.counts.add(expired ? "expiries" : `writes: ${change.operation}`);
  if (before !== undefined && before.timeSeconds > timeSeconds) world.counts.add("clocks that ran backwards");
  const { operation, sequence } = change;
  return `${operation} of ${key} as ${sequence}, real time ${nowSeconds}, told as ${timeSeconds}`;
}

async function go(world: World, random: Random): Promise<Told> {
  const process = world.someWaiting(random);
  if (process === undefined) return undefined;
  const { failureShare } = world.settings;
  return proceed(world, random, process, { calls: random.choice([1, 1, 2, 4, 8]), failureShare });
}

async function finish(world: World, random: Random): Promise<Told> {
  const process = world.someWaiting(random);
  return process && proceed(world, random, process, TO_THE_END);
}

/** How far a process continues, and how often its calls fail. */
interface Stretch {
  readonly calls: number;
  readonly failureShare: number;
}

const TO_THE_END: Stretch = { calls: 10_000, failureShare: 0 };

/** Lets a process continue, at most until it has ended or waits for its next batch. */
async function proceed(world: World, random: Random, process: Process, stretch: Stretch): Promise<Told> {
  const told: string[] = [];
  for (let i = 0; i < stretch.calls && world.processes.includes(process); i++) {
    const { waitsFor } = process.actor;
    if (process.actor.waitsOnlyFor(NEXT_BATCH) && i > 0) break;
    const share = failureShare(world, stretch, waitsFor, told.at(-1));
    const fate = random.next() < share ? someFate(random, process) : "done";
    told.push(`${waitsFor}${fate === "done" ? "" : ` (${fate})`}`);
    await world.go(process, fate);
  }
  return `${process.actor.name}: ${told.join(", ")}${endOf(world, process)}`;
}

/** Commits and deliveries fail more often than other calls, and so do the calls that check their outcome. */
function failureShare(
  { settings }: World,
  stretch: Stretch,
  call: string | undefined,
  before: string | undefined,
): number {
  if (settings.failureShare === 0) return 0;
  if (before?.includes("(fails-") === true) return 0.4;
  return isCommitCall(call) || isDeliveryCall(call) ? 0.15 : stretch.failureShare;
}

/** A reader is part of the process that calls it, so its answers are never lost. */
function someFate(random: Random, { actor }: Process): Fate {
  const fate = random.choice(FATES);
  return actor.waitsFor === NEXT_BATCH && fate.startsWith("fails") ? "fails-before" : fate;
}

function endOf(world: World, process: Process): string {
  if (world.processes.includes(process)) return "";
  const { outcome } = process.actor;
  return outcome === undefined
    ? "; it is dead"
    : `; it has ended${outcome.error === undefined ? "" : ": "}${errorText(outcome.error)}`;
}

function errorText(error: unknown): string {
  return error instanceof Error ? error.message : "";
}

async function crash(world: World, random: Random): Promise<Told> {
  const process = world.someWaiting(random);
  if (process === undefined) return undefined;
  const waited = process.actor.waitsFor;
  world.kill(process, `crashes: ${process.kind.split(" ")[0]}`);
  return `${process.actor.name} dies before: ${waited}`;
}

/** Starts a process unless many are running. Half of them finish immediately, the others run next to each other. */
async function begun(world: World, random: Random, start: () => Promise<Process>): Promise<Told> {
  if (world.processes.length >= PROCESSES_MAX) return undefined;
  const isWhole = random.next() < 0.5;
  const process = await start();
  world.throwWrong();
  return isWhole ? proceed(world, random, process, TO_THE_END) : `${process.actor.name} begins`;
}

async function deliver(world: World, random: Random): Promise<Told> {
  if (world.settings.deployment === "aws") {
    const shards = readyShards(world, world.processes);
    if (shards.length === 0) return undefined;
    return begun(world, random, () => startInvocation(world, random, random.choice(shards)));
  }
  if (world.isLocked) return undefined;
  if (world.settings.firstReading !== "at any time" && !world.table.hasLost) return undefined;
  const follower = world.processes.find(({ kind }) => kind === "follower");
  if (follower === undefined) return begun(world, random, () => startFollower(world, random, "for ever"));
  const batches = random.integer(1, 3);
  for (let i = 0; i < batches && world.processes.includes(follower); i++) await world.run(follower);
  const isWaiting = follower.actor.waitsOnlyFor(NEXT_BATCH);
  return `${follower.actor.name}: ${batches} batches${isWaiting ? "" : endOf(world, follower)}`;
}

async function flush(world: World, random: Random): Promise<Told> {
  if (world.buffer.sinceSeconds === undefined) return undefined;
  await world.buffer.flush(random.choice([1, 3, Infinity]));
  return "the buffer is written";
}

async function replay(world: World, random: Random): Promise<Told> {
  const { records } = world.table;
  if (records.length === 0 || world.isLocked) return undefined;
  const isStranded = world.stranded.length > 0 && random.next() < 0.5;
  const chosen = isStranded ? random.choice(world.stranded) : replayed(records, random);
  return begun(world, random, () => startReplay(world, random, chosen));
}

/** From all records there have ever been, or from the newest. */
function replayed(records: readonly ModelRecord[], random: Random): readonly ModelRecord[] {
  const among = random.next() < 0.5 ? records : records.slice(-8);
  return Array.from({ length: random.integer(1, 4) }, () => random.choice(among));
}

async function exported(world: World): Promise<Told> {
  // Two exports with the same time could not be distinguished.
  if (world.exportedAtSeconds === world.nowSeconds) return undefined;
  world.exportedAtSeconds = world.nowSeconds;
  world.exports.push({ exportTimeSeconds: world.nowSeconds });
  return `an export of ${world.nowSeconds}`;
}

async function seeded(world: World, random: Random): Promise<Told> {
  const { exports, settings } = world;
  const readsFirst = settings.deployment === "embedded" && settings.firstReading.includes("before");
  if (readsFirst && world.firstPositionSeconds === undefined) return undefined;
  if (exports.length === 0) return undefined;
  const chosen = random.choice(exports);
  world.exports.splice(world.exports.indexOf(chosen), 1);
  return begun(world, random, () => startSeed(world, random, chosen));
}

async function reshard(world: World, random: Random): Promise<Told> {
  const shard = world.table.split(random.integer(0, 9), random.choice([1, 2]), world.nowSeconds);
  if (shard === undefined) return undefined;
  world.counts.add("shards closed");
  return `${shard.id} closes`;
}

/** On AWS a deployment creates a new mapping for a new stream. */
async function stream(world: World): Promise<Told> {
  const { table, settings } = world;
  if (settings.deployment === "aws") return undefined;
  if (table.stream === undefined) {
    table.enableStream(settings.shards, world.nowSeconds);
    world.counts.add("streams made anew");
    return "the table gets a new stream";
  }
  table.disableStream(world.nowSeconds);
  return "the stream is switched off";
}
