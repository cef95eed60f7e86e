import { commitPlan } from "../../src/core/compaction/commit-plan.ts";
import { compactMajor, compactMinor } from "../../src/core/compaction/compact.ts";
import type { CompactionContext } from "../../src/core/compaction/compaction-context.ts";
import { DEFAULT_POLICY } from "../../src/core/compaction/compaction-policy.ts";
import { planMajor } from "../../src/core/compaction/major-plan.ts";
import { planMinor } from "../../src/core/compaction/minor-plan.ts";
import { type Plan, planFile } from "../../src/core/compaction/plan.ts";
import { changeSchema } from "../../src/core/compaction/schema-commit.ts";
import { seed } from "../../src/core/compaction/seed.ts";
import { stagePlan } from "../../src/core/compaction/stage-plan.ts";
import { vacuum } from "../../src/core/compaction/vacuum.ts";
import { deliver } from "../../src/core/delivery/deliver.ts";
import { type FollowContext, openFollower } from "../../src/core/delivery/follow.ts";
import { planPath } from "../../src/core/format/lake-path.ts";
import { UndeliveredRows } from "../../src/core/ports/change-sink.ts";
import { rowCodec } from "../../src/core/row/row.ts";
import { lineWriter } from "../../src/core/row/wire-line.ts";
import { type OpenTable, openTableOf } from "../../src/core/table/open-table.ts";
import { replaceLakeFile, requireLakeFile } from "../../src/core/table/stored-file.ts";
import type { Random } from "../support/random.ts";
import { type Actor, gatedEngine, gatedStore, InjectedFailure } from "./actors.ts";
import { EvolvingEngine } from "./evolving-engine.ts";
import { compactAndFollow, startEvolvingSeed } from "./evolving-processes.ts";
import { directSink } from "./model-sink.ts";
import { modelSource } from "./model-source.ts";
import { eventOf, isJunk, type ModelRecord, type ModelShard } from "./model-table.ts";
import { FUZZ_SECONDS } from "./rule.ts";
import { type Export, type Process, TABLE, type World } from "./world.ts";

/** Everybody who works on the lake: the core's own functions, over ports that wait for the simulation at each call. */

/** The rows of the model are small. */
const ROW_BYTES_MAX = 100_000;

function deliveryOf(
  world: World,
  actor: Actor,
  random: Random,
): Omit<FollowContext, "source" | "newRunId" | "recordsMax" | "waitMs" | "onEvent" | "nowSeconds"> {
  const isEmbedded = world.settings.deployment === "embedded";
  // Whoever began under an earlier schema stays with it.
  const schema = random.choice(world.schemas);
  const writer = world.engine instanceof EvolvingEngine ? world.engine.writer(schema) : world.writer;
  return {
    store: gatedStore(world.store, actor),
    sink: isEmbedded ? directSink(writer, actor, world.onObject) : world.buffer.sink(actor),
    writer: lineWriter(rowCodec(schema)),
    rowBytesMax: ROW_BYTES_MAX,
  };
}

/** Follows the stream as `dynalake run` does. `untilEnd`: stops at the end of the stream. */
export async function startFollower(
  world: World,
  random: Random,
  untilEnd: "for ever" | "to the end",
): Promise<Process> {
  const process = world.newProcess("follower");
  const context: FollowContext = {
    ...deliveryOf(world, process.actor, random),
    source: modelSource({
      table: world.table,
      actor: process.actor,
      nowSeconds: () => world.nowSeconds,
      pick: (among) => random.integer(0, among - 1),
    }),
    newRunId: world.newRunOf(process),
    recordsMax: random.choice([1, 3, 10]),
    waitMs: 0,
    nowSeconds: () => world.nowSeconds,
    onEvent: (event) => {
      if (event.kind === "gap") world.counts.add(`gaps: ${event.gap.reason}`);
      if (event.kind === "opened")
        world.counts.add(event.resumed ? "stream resumed" : "stream opened at its beginning");
    },
  };
  await world.start(process, async () => {
    const follower = await openFollower(context);
    for (;;) {
      try {
        const { rows } = await follower.step();
        if (untilEnd === "to the end" && rows === 0 && follower.caughtUp()) return;
      } catch (error) {
        if (!(error instanceof InjectedFailure) || random.next() < 0.5) throw error;
        world.counts.add("a failed batch tried again");
      }
    }
  });
  return process;
}

/** After this many failures the batch is given up, and its shard continues. */
const TRIES = 3;

/** A Lambda invocation with a batch of a shard. Records that it does not deliver are sent again, or given up. */
export async function startInvocation(world: World, random: Random, shard: ModelShard): Promise<Process> {
  const from = world.given.get(shard.id) ?? 0;
  const records = shard.records.slice(from, from + random.choice([1, 3, 10]));
  let delivered = 0;
  const process = world.newProcess(`invocation of ${shard.id}`, {
    onEnd: (error) => {
      const isGivenUp = error !== undefined && delivered === 0 && random.integer(1, TRIES) === TRIES;
      if (isGivenUp) {
        world.counts.add("batches given up");
        world.stranded.push(records);
      }
      const passed = error === undefined || isGivenUp ? records.length : delivered;
      world.given.set(shard.id, from + passed);
    },
  });
  await world.start(process, async () => {
    try {
      await deliverRecords(world, process, random, records);
    } catch (error) {
      if (error instanceof UndeliveredRows) {
        delivered = error.firstIndex;
        world.counts.add("batches delivered in part");
      }
      throw error;
    }
  });
  return process;
}

export async function startReplay(
  world: World,
  random: Random,
  records: readonly ModelRecord[],
): Promise<Process> {
  const at = world.stranded.indexOf(records);
  const process = world.newProcess("replay", {
    onEnd: (error) => {
      const now = world.stranded.indexOf(records);
      if (at !== -1 && now !== -1 && error === undefined) world.stranded.splice(now, 1);
    },
  });
  await world.start(process, () => deliverRecords(world, process, random, records));
  return process;
}

async function deliverRecords(
  world: World,
  process: Process,
  random: Random,
  records: readonly ModelRecord[],
): Promise<void> {
  const asText = random.next() < 0.3;
  const events = records.map(eventOf).map((event) => (asText ? JSON.stringify(event) : event));
  const batch = { records: events, source: "the model", arrivedAtSeconds: world.nowSeconds };
  const { quarantined } = await deliver(deliveryOf(world, process.actor, random), batch);
  if (quarantined.length !== records.filter(isJunk).length) throw new Error("junk was taken for a change");
}

function compactionOf(
  world: World,
  process: Process,
  random: Random,
  settleSeconds: number,
): CompactionContext {
  return {
    store: gatedStore(world.store, process.actor),
    engine: gatedEngine(world.engine, process.actor),
    schema: random.choice(world.schemas),
    policy: {
      ...DEFAULT_POLICY,
      settleSeconds,
      deltasMax: random.choice([1, 2, 3, 8]),
      majorDeltas: random.choice([1, 2, 3, 8]),
      majorRowsMin: random.choice([1, 2, 5]),
      majorShare: random.choice([0.1, 0.5, 1]),
    },
    newRunId: world.newRunOf(process),
    nowSeconds: () => world.nowSeconds,
  };
}

export async function startMinor(world: World, random: Random, settleSeconds: number): Promise<Process> {
  const process = world.newProcess("minor");
  const context = compactionOf(world, process, random, settleSeconds);
  const isPlanned = random.next() < 0.3;
  const { sequence } = world.commit;
  if (world.evolution !== undefined) {
    await world.start(process, () => compactAndFollow(world, process, context));
    return process;
  }
  await world.start(process, async () => {
    const plan = (opened: OpenTable) => planMinor(context, opened);
    const result = await (isPlanned ? asSteps(context, plan) : compactMinor(context));
    world.requireCommitted(result?.run);
    if (result === undefined && world.commit.sequence === sequence) world.foldedAlready(process);
  });
  return process;
}

export async function startMajor(world: World, random: Random): Promise<Process> {
  const process = world.newProcess("major");
  const context = compactionOf(world, process, random, 0);
  const scope = random.choice(["grown", "all"] as const);
  const isPlanned = random.next() < 0.3;
  await world.start(process, async () => {
    const plan = (opened: OpenTable) => planMajor(context, opened, scope);
    const result = await (isPlanned ? asSteps(context, plan) : compactMajor(context, scope));
    world.requireCommitted(result?.run);
  });
  return process;
}

/** Compacts as a state machine does: the plan is kept in the store. */
async function asSteps(
  context: CompactionContext,
  plan: (opened: OpenTable) => Promise<Plan | undefined>,
): Promise<Plan | undefined> {
  const { store, engine, nowSeconds } = context;
  const planned = await plan(await openTableOf(store, context.schema));
  if (planned === undefined) return undefined;
  const path = planPath(TABLE, planned.run);
  await replaceLakeFile(store, path, planned);
  // Each step is a process of its own, and opens the table again.
  const opened = await openTableOf(store, context.schema);
  const { schema } = opened;
  const read = await requireLakeFile(store, planFile, path);
  const staged = await stagePlan({ store, engine, schema }, read);
  const { sequence } = await commitPlan({ store, schema, nowSeconds, commits: opened }, read, staged);
  await store.remove([path]);
  return sequence === planned.fromSequence ? undefined : planned;
}

/** A scan continues for a while after its export time. */
const SCAN_SECONDS = 600;

/** Takes in an export, which holds each key as it was at some moment around the export time. */
export async function startSeed(
  world: World,
  random: Random,
  { exportTimeSeconds }: Export,
): Promise<Process> {
  const seeded = new Map<number, string>();
  const untilSeconds = Math.min(world.nowSeconds, exportTimeSeconds + random.choice([0, SCAN_SECONDS]));
  for (const key of world.table.keys()) {
    const cutSeconds = random.integer(exportTimeSeconds - FUZZ_SECONDS, untilSeconds);
    const value = world.table.lastBy(key, cutSeconds)?.value;
    if (value !== undefined) seeded.set(key, value);
  }
  const process = world.newProcess("snapshot", { seeded, exportTimeSeconds });
  if (world.evolution !== undefined) return startEvolvingSeed(world, process);
  const schema = random.choice(world.schemas);
  const run = world.newRunOf(process)();
  await world.start(process, async () => {
    await seed({
      store: gatedStore(world.store, process.actor),
      engine: gatedEngine(world.engine, process.actor),
      schema,
      run,
      staged: world.engine.staged(schema, seeded),
      items: seeded.size,
      exportTimeSeconds,
      cutSeconds: exportTimeSeconds - FUZZ_SECONDS,
      deliveryDelaySeconds: DEFAULT_POLICY.deliveryDelaySeconds,
      snapshotsKept: world.settings.snapshotsKept,
      nowSeconds: () => world.nowSeconds,
    });
    world.requireCommitted(run);
  });
  return process;
}

export async function startVacuum(world: World, random: Random): Promise<Process> {
  const process = world.newProcess("vacuum");
  const policy = {
    retentionSeconds: random.choice([2 * 3600, 24 * 3600, 7 * 24 * 3600]),
    graceSeconds: random.choice([3600, 24 * 3600]),
  };
  world.keptSinceSeconds = Math.max(world.keptSinceSeconds, world.nowSeconds - policy.retentionSeconds);
  const { nowSeconds } = world;
  await world.start(process, async () => {
    const result = await vacuum(gatedStore(world.store, process.actor), TABLE, policy, nowSeconds);
    world.counts.add("vacuumed manifests", result.manifests);
    world.counts.add("vacuumed files", result.files);
  });
  return process;
}

export async function startDeclare(world: World): Promise<Process> {
  const process = world.newProcess("declaration");
  const context = {
    store: gatedStore(world.store, process.actor),
    newRunId: world.newRunOf(process),
    nowSeconds: () => world.nowSeconds,
  };
  await world.start(process, async () => {
    const changed = await changeSchema(context, world.laterSchema, "the model");
    world.requireCommitted(changed?.manifest.run);
  });
  return process;
}
