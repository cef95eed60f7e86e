import { expect, test } from "@jest/globals";
import { compactMajor, compactMinor } from "../../src/core/compaction/compact.ts";
import { changeSchema } from "../../src/core/compaction/schema-commit.ts";
import { seed } from "../../src/core/compaction/seed.ts";
import { vacuum } from "../../src/core/compaction/vacuum.ts";
import { deliver } from "../../src/core/delivery/deliver.ts";
import { type FollowContext, openFollower } from "../../src/core/delivery/follow.ts";
import { openGaps } from "../../src/core/format/manifest.ts";
import { latestManifest } from "../../src/core/table/commits.ts";
import { openTable } from "../../src/core/table/open-table.ts";
import { readReadingState } from "../../src/core/table/reading-state.ts";
import { readGaps, recordGap } from "../../src/core/table/recorded-gaps.ts";
import { writeSchema } from "../../src/core/table/schema-file.ts";
import { deepTest } from "../support/deep-test.ts";
import { allEffort, atLeast } from "../support/effort.ts";
import { FakeSource } from "../support/fake-source.ts";
import { tryAllPoints, type WritePath } from "./crash-points.ts";
import { Counts, sessionOfTests } from "./session.ts";
import {
  batchOf,
  type Change,
  compaction,
  deliverAll,
  deliveryContext,
  FILLED,
  FILLED_CHANGES,
  filledWorld,
  history,
  historyOf,
  NOW,
  type Ports,
  recordOf,
  type State,
  seeding,
  TABLE,
  World,
  worldSchema,
} from "./world.ts";

/** Whichever call fails in whatever way, no row is lost, duplicated or brought back, and the next run repairs the lake. */

const tried = { points: new Counts(), pairs: new Counts() };
const session = sessionOfTests(
  () => `${tried.points.told("crash points")}, ${tried.pairs.told("pairs of them")}`,
);

const filled = (schema = worldSchema()): Promise<World> => filledWorld(session(), schema);

/** One item is added, one modified, and one removed. */
const ARRIVING: readonly Change[] = [
  { key: 9, sequence: 31, value: "e9", timeSeconds: NOW - 2 },
  { key: 6, sequence: 32, value: "e6", timeSeconds: NOW - 2 },
  { key: 7, sequence: 33, value: undefined, timeSeconds: NOW - 1 },
];
/** The states after none, one, two and all of them. */
const ARRIVED: readonly State[] = [0, 1, 2, 3].map((count) =>
  ARRIVING.slice(0, count).reduce(afterChange, FILLED),
);
const UNKEYED = { eventName: "INSERT", dynamodb: { SequenceNumber: "34", NewImage: { V: { S: "no key" } } } };

/** Older than the horizon of the filled world. */
const LATE: readonly Change[] = [
  { key: 4, sequence: 17, value: undefined, timeSeconds: NOW - 3009 },
  { key: 8, sequence: 18, value: "l8", timeSeconds: NOW - 3009 },
];
const AFTER_LATE: State = LATE.reduce(afterChange, FILLED);

/** The items of a later snapshot, which the stream has never shown. */
const LATER_SNAPSHOT: State = { 1: "c3", 5: "s5", 10: "s10" };

function afterChange(state: State, { key, value }: Change): State {
  const { [key]: _, ...others } = state;
  return value === undefined ? others : { ...others, [key]: value };
}

async function expectQuarantine(world: World): Promise<void> {
  expect(world.store.paths(`${TABLE}/quarantine/`)).toEqual([
    expect.stringMatching(/^t\/quarantine\/no-key\/[0-9a-f]+\.jsonl$/),
  ]);
}

/** Four records in two batches, with a gap before the third. */
function follow(world: World, ports: Ports, patience: number): Promise<void> {
  const source = new FakeSource();
  source.records.push(...ARRIVING.map(recordOf), UNKEYED);
  source.gaps.set(2, { reason: "stream-recreated", detail: "a stream" });
  return followToEnd(
    {
      ...deliveryContext(world, ports),
      source: ports.reached(source),
      newRunId: ports.newRunId,
      nowSeconds: () => world.nowSeconds,
      recordsMax: 2,
      waitMs: 0,
      onEvent: () => undefined,
    },
    patience,
  );
}

/** A failed step is retried as often as `patience` allows. */
async function followToEnd(context: FollowContext, patience: number): Promise<void> {
  const follower = await openFollower(context);
  let left = patience;
  while (!follower.caughtUp()) {
    try {
      await follower.step();
    } catch (error) {
      if (left-- === 0) throw error;
    }
  }
  await follower.close();
}

const FOLLOWING: Omit<WritePath, "run"> = {
  begin: filled,
  states: ARRIVED,
  changes: FILLED_CHANGES,
  added: ARRIVING,
  // The position never moves past a record that was not delivered, nor past a gap that was not recorded.
  always: async (world) => {
    const { position } = (await readReadingState(world.store, TABLE)) ?? {};
    const after = Number(position?.shards.shard?.after ?? -1);
    const told = await history(world);
    for (const change of historyOf(ARRIVING.slice(0, after + 1))) expect(told).toContain(change);
    if (after >= 2) expect(await readGaps(world.store, TABLE)).not.toEqual([]);
    if (after >= 3) await expectQuarantine(world);
  },
  repaired: async (world) => {
    const { position } = (await readReadingState(world.store, TABLE)) ?? {};
    expect(position?.shards.shard?.after).toBe("3");
    const gaps = await readGaps(world.store, TABLE);
    expect(openGaps(await latestManifest(world.store, TABLE), gaps)).toEqual(gaps);
  },
};

const PATHS: Readonly<Record<string, WritePath>> = {
  "following a stream": { ...FOLLOWING, run: (world, ports) => follow(world, ports, 0) },
  "following a stream, where each step that fails is tried again": {
    ...FOLLOWING,
    run: (world, ports) => follow(world, ports, 5),
  },
  "a delivery": {
    begin: filled,
    run: (world, ports) =>
      deliver(deliveryContext(world, ports), batchOf(world, [...ARRIVING.map(recordOf), UNKEYED])),
    states: ARRIVED,
    changes: FILLED_CHANGES,
    added: ARRIVING,
    repaired: expectQuarantine,
  },
  "a first snapshot": {
    begin: async () => new World(session(), worldSchema()),
    run: (world, ports) => seed(seeding(world, FILLED, NOW - 60, ports)),
    states: [{}, FILLED],
    changes: [],
  },
  "a first snapshot of a table whose changes are there already": {
    begin: async () => {
      const world = new World(session(), worldSchema());
      await deliverAll(world, ARRIVING);
      return world;
    },
    run: (world, ports) => seed(seeding(world, FILLED, NOW - 60, ports)),
    states: [{ 6: "e6", 9: "e9" }, ARRIVED.at(-1) as State],
    changes: ARRIVING,
  },
  "a later snapshot, which repairs a gap": {
    begin: async () => {
      const world = await filled();
      const gap = {
        reason: "trimmed",
        detail: "a shard",
        foundAtSeconds: NOW,
        lostUntilSeconds: NOW - 1000,
      } as const;
      await recordGap(world.store, TABLE, "gap", gap);
      world.nowSeconds = NOW + 600;
      return world;
    },
    run: (world, ports) => seed(seeding(world, LATER_SNAPSHOT, NOW + 500, ports)),
    states: [FILLED, LATER_SNAPSHOT],
    changes: FILLED_CHANGES,
    always: async (world) => {
      const manifest = await latestManifest(world.store, TABLE);
      const gaps = await readGaps(world.store, TABLE);
      expect(gaps).toHaveLength(1);
      expect(openGaps(manifest, gaps)).toHaveLength(manifest.floorSeconds > NOW ? 0 : 1);
    },
  },
  "a minor compaction": {
    begin: filled,
    run: (world, ports) => compactMinor(compaction(world, ports)),
    states: [FILLED],
    changes: FILLED_CHANGES,
  },
  "a minor compaction with late changes": {
    begin: async () => {
      const world = await filled();
      await deliverAll(world, LATE);
      return world;
    },
    run: (world, ports) => compactMinor(compaction(world, ports)),
    states: [FILLED, AFTER_LATE],
    changes: [...FILLED_CHANGES, ...LATE],
  },
  "a minor compaction that takes the deltas in": {
    begin: filled,
    run: (world, ports) => compactMinor(compaction(world, ports, { deltasMax: 1 })),
    states: [FILLED],
    changes: FILLED_CHANGES,
    repaired: async (world) => {
      const runs = (await latestManifest(world.store, TABLE)).segments.filter(({ kind }) => kind === "delta");
      expect(new Set(runs.map(({ run }) => run)).size).toBe(1);
    },
  },
  "a major compaction of buckets": {
    begin: async () => folded(await filled()),
    run: (world, ports) => compactMajor(compaction(world, ports), "all"),
    states: [FILLED],
    changes: FILLED_CHANGES,
    repaired: expectOnlyBase,
  },
  "a major compaction by value": {
    begin: async () => folded(await filled(worldSchema("identity(g)"))),
    run: (world, ports) => compactMajor(compaction(world, ports), "all"),
    states: [FILLED],
    changes: FILLED_CHANGES,
    repaired: expectOnlyBase,
  },
  "a change of the schema": {
    begin: async () => {
      const world = await filled();
      await writeSchema(world.store, world.schema);
      return world;
    },
    run: (world, { store, newRunId }) =>
      changeSchema(
        { store, newRunId, nowSeconds: () => world.nowSeconds },
        worldSchema(undefined, "now"),
        "a test",
      ),
    states: [FILLED],
    changes: FILLED_CHANGES,
    repaired: async (world) => {
      const names = (await openTable(world.store, TABLE))?.schema?.columns.map(({ name }) => name);
      expect(names).toContain("n");
      expect(world.store.text(`${TABLE}/schema.json`)).toContain('"N"');
    },
  },
  "a vacuum": {
    begin: async () => {
      const world = await folded(await filled());
      await compactMajor(compaction(world), "all");
      for (const part of ["b0000", "b0001"])
        world.store.plant(`${TABLE}/segments/dead/${part}/rows.parquet`, "a torn piece");
      world.store.plant(`${TABLE}/staging/dead/000000.jsonl`, "{");
      world.nowSeconds += 60;
      return world;
    },
    run: (world, { store }) =>
      vacuum(store, TABLE, { retentionSeconds: 0, graceSeconds: 0 }, world.nowSeconds),
    states: [FILLED],
    changes: FILLED_CHANGES,
  },
};

async function folded(world: World): Promise<World> {
  await compactMinor(compaction(world));
  return world;
}

async function expectOnlyBase(world: World): Promise<void> {
  const { segments } = await latestManifest(world.store, TABLE);
  expect(segments.filter(({ kind }) => kind === "delta")).toEqual([]);
}

/** A path that loses calls loses points: the numbers may grow, and fall only where a call is saved on purpose. */
const POINTS_MIN = 354;
const PAIRS_MIN = 258;

/** Variants of others: `npm test` does without them. */
const VARIANTS = [
  "following a stream, where each step that fails is tried again",
  "a first snapshot of a table whose changes are there already",
  "a minor compaction with late changes",
  "a minor compaction that takes the deltas in",
  "a major compaction by value",
];
const chosen = Object.entries(PATHS).filter(([name]) => allEffort || !VARIANTS.includes(name));

test.each(chosen)("%s", async (name, path) => {
  const { points, pairs } = await tryAllPoints(path);
  tried.points.set(name, points);
  tried.pairs.set(name, pairs);
});

deepTest("all points of all paths were tried", () => {
  expect(tried.points.sum()).toBeGreaterThanOrEqual(atLeast(POINTS_MIN));
  expect(tried.pairs.sum()).toBeGreaterThanOrEqual(atLeast(atLeast(PAIRS_MIN)));
});
