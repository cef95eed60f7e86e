/** What works on the lake: the product's own functions, over ports and a clock that wait for the simulation. */
import { setMaxListeners } from "node:events";
import { compactMajor, compactMinor } from "../../../src/core/compaction/compact.ts";
import type { CompactionContext } from "../../../src/core/compaction/compaction-context.ts";
import { DEFAULT_POLICY } from "../../../src/core/compaction/compaction-policy.ts";
import { seed } from "../../../src/core/compaction/seed.ts";
import { type FollowContext, openFollower } from "../../../src/core/delivery/follow.ts";
import { DynalakeError } from "../../../src/core/error.ts";
import { changesFolder } from "../../../src/core/format/lake-path.ts";
import { rowCodec } from "../../../src/core/row/row.ts";
import { lineWriter } from "../../../src/core/row/wire-line.ts";
import { openTableOf } from "../../../src/core/table/open-table.ts";
import { allEnded, followAll } from "../../../src/embedded/following/follow-all.ts";
import { followStream } from "../../../src/embedded/following/follow-stream.ts";
import { LateFolds } from "../../../src/embedded/following/late-folds.ts";
import { sharedStreams } from "../../../src/source/shared-streams.ts";
import type { StreamsApi } from "../../../src/source/source-connection.ts";
import { streamSource } from "../../../src/source/stream-source.ts";
import type { Random } from "../../support/random.ts";
import { gatedEngine } from "../actors.ts";
import { FUZZ_SECONDS } from "../rule.ts";
import { type LakeTable, MASK_KEY, SOURCE } from "../several/lake-table.ts";
import { stagedRelation } from "../several/works.ts";
import { modelConnection } from "./stream-api.ts";
import type { OneRunWork, OneRunWorld, Scan } from "./world.ts";

/** The rows of the model are small. */
const ROW_BYTES_MAX = 100_000;

/** `dynalake run`, and with `once` only to the end of the stream: followLake over the model's ports. */
export async function startRun(
  world: OneRunWorld,
  random: Random,
  tables: readonly LakeTable[],
  mode: "once" | "for ever",
): Promise<OneRunWork> {
  const work = world.newWork("run", tables);
  const timing = world.timingOf(work.actor);
  const connection = modelConnection(world, work.actor);
  const shared = sharedStreams(connection.streams, timing);
  const streams: StreamsApi = {
    ...shared,
    getRecords: (input, signal) => {
      world.counts.add("answers that readers ask for");
      return shared.getRecords(input, signal);
    },
  };
  const once = mode === "once";
  const recordsMax = random.choice([1, 3, 10, 5000]);
  await world.start(work, async () => {
    const ended = new AbortController();
    const stop = AbortSignal.any([work.stop.signal, ended.signal]);
    setMaxListeners(0, stop);
    const following = followAll({
      tables,
      follow: async (table) => {
        const source = streamSource({ ...connection, streams }, SOURCE, {}, timing);
        await followStream({
          open: () => openFollower({ ...contextOf(world, work, table), source, recordsMax }),
          folds: foldsOf(world, work, table, { once, stop }),
          beside: async () => [],
          onceSinceSeconds: once ? world.nowSeconds + 1 : undefined,
          stop,
          timing,
        });
      },
      once,
      stop,
      onFailure: (_, { code }) => world.counts.add(`not followed for a while: ${code}`),
      timing,
    });
    try {
      await (once ? allEnded(following) : Promise.all(following));
    } finally {
      ended.abort();
      await Promise.allSettled(following);
    }
  });
  return work;
}

function contextOf(
  world: OneRunWorld,
  { actor }: OneRunWork,
  table: LakeTable,
): Omit<FollowContext, "source" | "recordsMax"> {
  return {
    store: world.storeOf(actor),
    sink: {
      deliver: (rows, atSeconds) => {
        const write = async (some: typeof rows): Promise<void> => {
          world.requireRoom(changesFolder(table.name));
          await world.deliver(table, some, atSeconds);
        };
        const half = rows.slice(0, Math.ceil(rows.length / 2));
        return actor.call(
          `deliver ${rows.length} of ${table.name}`,
          () => write(rows),
          () => write(half),
        );
      },
    },
    writer: lineWriter(rowCodec(table.schema, MASK_KEY)),
    rowBytesMax: ROW_BYTES_MAX,
    newRunId: () => world.newName("gap"),
    waitMs: 500,
    nowSeconds: () => world.nowSeconds,
    onEvent: (event) => {
      if (event.kind === "gap") world.counts.add(`gaps: ${event.gap.reason}`);
      if (event.kind === "opened")
        world.counts.add(event.resumed ? "positions resumed" : "tables first read");
    },
  };
}

/** As follow-lake.ts folds what came late. */
function foldsOf(
  world: OneRunWorld,
  work: OneRunWork,
  table: LakeTable,
  { once, stop }: { readonly once: boolean; readonly stop: AbortSignal },
): LateFolds {
  return new LateFolds({
    fold: async (oldestSeconds) => {
      const context = compactionOf(world, work, table, Number.POSITIVE_INFINITY);
      const opened = await openTableOf(context.store, table.schema);
      if (oldestSeconds < opened.manifest.horizonSeconds) await compactMinor(context, opened);
    },
    onFailure: (error) => {
      if (stop.aborted && error === stop.reason) return;
      if (once || !(error instanceof DynalakeError)) throw error;
    },
    nowMs: () => world.nowMs,
  });
}

function compactionOf(
  world: OneRunWorld,
  { actor, kind }: OneRunWork,
  table: LakeTable,
  settleSeconds: number,
): CompactionContext {
  const logAtStart = table.log.length;
  return {
    store: world.storeOf(actor),
    engine: gatedEngine(world.engine, actor),
    schema: table.schema,
    policy: { ...DEFAULT_POLICY, settleSeconds, majorRowsMin: 1, majorShare: 0.3 },
    newRunId: () => world.newRun(`fold of ${kind}`, { table, logAtStart, taken: undefined }),
    nowSeconds: () => world.nowSeconds,
  };
}

export async function startCompaction(
  world: OneRunWorld,
  table: LakeTable,
  settleSeconds: number,
  kind: "minor" | "major" = "minor",
): Promise<OneRunWork> {
  const work = world.newWork("compaction", [table]);
  await world.start(work, async () => {
    const context = compactionOf(world, work, table, settleSeconds);
    await (kind === "major" ? compactMajor(context, "grown") : compactMinor(context));
  });
  return work;
}

/** A scan continues for a while after its time. */
const SCAN_SECONDS = 600;

/** One scan of the source, which each of the tables takes in, one after the other. */
export async function startSnapshot(
  world: OneRunWorld,
  random: Random,
  tables: readonly LakeTable[],
): Promise<OneRunWork> {
  const work = world.newWork("snapshot", tables);
  const exportTimeSeconds = world.nowSeconds;
  await world.start(work, async () => {
    const items = await work.actor.call("scan", async () => {
      const untilSeconds = Math.min(world.nowSeconds, exportTimeSeconds + SCAN_SECONDS);
      return scanned(world, random, exportTimeSeconds, untilSeconds);
    });
    for (const table of tables) await takeIn(world, work, table, { exportTimeSeconds, items });
  });
  return work;
}

function scanned(
  world: OneRunWorld,
  random: Random,
  timeSeconds: number,
  untilSeconds: number,
): Scan["items"] {
  const items = new Map<number, string>();
  for (const key of world.table.keys()) {
    const seenSeconds = random.integer(timeSeconds - FUZZ_SECONDS, untilSeconds);
    const value = world.table.lastBy(key, seenSeconds)?.value;
    if (value !== undefined) items.set(key, value);
  }
  return items;
}

async function takeIn(
  world: OneRunWorld,
  { actor }: OneRunWork,
  table: LakeTable,
  taken: Scan,
): Promise<void> {
  const { exportTimeSeconds } = taken;
  const items = [...taken.items].filter(([, value]) => table.design.has(value));
  await seed({
    store: world.storeOf(actor),
    engine: gatedEngine(world.engine, actor),
    schema: table.schema,
    run: world.newRun("snapshot", { table, logAtStart: table.log.length, taken }),
    staged: stagedRelation(world, table, items),
    items: items.length,
    exportTimeSeconds,
    cutSeconds: exportTimeSeconds - FUZZ_SECONDS,
    deliveryDelaySeconds: DEFAULT_POLICY.deliveryDelaySeconds,
    nowSeconds: () => world.nowSeconds,
  });
}
