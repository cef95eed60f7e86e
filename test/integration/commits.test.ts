import { utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { compactMajor, compactMinor } from "../../src/core/compaction/compact.ts";
import type { CompactionContext } from "../../src/core/compaction/compaction-context.ts";
import { DEFAULT_POLICY } from "../../src/core/compaction/compaction-policy.ts";
import { seed } from "../../src/core/compaction/seed.ts";
import { vacuum } from "../../src/core/compaction/vacuum.ts";
import { deliver } from "../../src/core/delivery/deliver.ts";
import { currentView } from "../../src/core/overlay/lake-view.ts";
import type { ObjectStore } from "../../src/core/ports/object-store.ts";
import { rowCodec } from "../../src/core/row/row.ts";
import { itemLine, itemWireColumns, lineWriter } from "../../src/core/row/wire-line.ts";
import { parseSchema } from "../../src/core/schema/schema.ts";
import { latestManifest, manifestSequences } from "../../src/core/table/commits.ts";
import { openTableOf } from "../../src/core/table/open-table.ts";
import { FILE_LIMITS, parquetSink } from "../../src/embedded/delivery/parquet-sink.ts";
import { wireFiles } from "../../src/embedded/duckdb/wire-files.ts";
import {
  type LakeFolder as Lake,
  openLakeFolder as openLake,
} from "../../src/embedded/folder/lake-folder.ts";
import { firstOf } from "../support/effort.ts";
import { withFolder } from "../support/folders.ts";

const NOW = 1_800_000_000;
const SCHEMA = parseSchema(
  {
    table: "t",
    key: { hash: "K" },
    partitionBy: "bucket(2)",
    attributes: { K: { type: "int" }, V: { type: "string" } },
  },
  "a test",
);
const writer = lineWriter(rowCodec(SCHEMA));

type State = Readonly<Record<number, string>>;

/** Opens the lake several times, as several processes do. */
async function withLakes(
  handles: number,
  use: (lakes: readonly Lake[], folder: string) => Promise<void>,
): Promise<void> {
  await withFolder(async (folder) => {
    const lakes: Lake[] = [];
    try {
      for (let i = 0; i < handles; i++)
        lakes.push(await openLake(join(folder, "lake"), { threads: 1, memoryMegabytes: 200 }));
      await use(lakes, folder);
    } finally {
      for (const lake of lakes) await lake.close();
    }
  });
}

describe("two at once", () => {
  const MEETINGS = [
    ["a minor and a major compaction", runMinor, runMajor],
    ["minor compactions", runMinor, runMinor],
    ["major compactions", runMajor, runMajor],
  ] as const;
  test.each(firstOf(1, MEETINGS))(
    "%s: exactly one commits, the other leaves nothing behind, and the view stays right",
    async (_, one, other) => {
      await withLakes(3, async ([a, b, reader]) => {
        const state = await fill(a as Lake);
        const before = (await latestManifest(a!.store, "t")).sequence;
        const meeting = meetingBeforeCommit(2);
        const outcomes = await Promise.allSettled([
          one(compactionOf(a as Lake, "run-a", meeting)),
          other(compactionOf(b as Lake, "run-b", meeting)),
        ]);
        const failed = outcomes.filter((outcome) => outcome.status === "rejected");
        expect(failed.map(({ reason }) => reason)).toMatchObject([{ code: "CONFLICT" }]);
        const manifest = await latestManifest(reader!.store, "t");
        expect(manifest.sequence).toBe(before + 1);
        const runs = new Set(manifest.segments.map(({ run }) => run));
        expect(await reader!.store.folders("t/segments/")).toEqual([...runs, "run-0"].sort().filter(unique));
        expect(await shown(reader as Lake)).toEqual(state);
        // The loser can continue too.
        for (const [i, lake] of [a, b].entries()) {
          await deliverTo(lake as Lake, [change(7 + i, 200 + i, "new", NOW + 10 * i)]);
          await runMinor({
            ...compactionOf(lake as Lake, `run-${i}-minor`),
            nowSeconds: () => NOW + 10 * i + 5,
          });
          await runMajor(compactionOf(lake as Lake, `run-${i}-major`));
        }
        expect(await shown(reader as Lake)).toEqual({ ...state, 7: "new", 8: "new" });
      });
    },
  );

  test("a snapshot past a compaction: it commits after it, and the changes since its floor stay", async () => {
    await withLakes(2, async ([a, b], folder) => {
      await fill(a as Lake);
      const meeting = meetingBeforeCommit(2);
      const [compacted, seeded] = await Promise.allSettled([
        runMinor(compactionOf(a as Lake, "run-a", meeting)),
        snapshot(b as Lake, folder, "run-s", { 1: "s1", 2: "s2", 9: "s9" }, NOW - 50, meeting),
      ]);
      expect(seeded.status).toBe("fulfilled");
      const manifest = await latestManifest(a!.store, "t");
      if (compacted.status === "rejected") expect(compacted.reason).toMatchObject({ code: "CONFLICT" });
      expect(manifest.snapshots.map(({ run }) => run)).toEqual(["run-s"]);
      // The changes of `fill` are after the snapshot's floor, so they win.
      expect(await shown(b as Lake)).toEqual({ 1: "v1", 3: "v3", 5: "v5b", 9: "s9" });
    });
  });

  test("changes that are delivered while a compaction is under way are shown, and folded by the next one", async () => {
    await withLakes(2, async ([a, b]) => {
      const state = await fill(a as Lake);
      const store = interrupted(a!.store, async () => {
        await deliverTo(b as Lake, [change(1, 101, "late", NOW - 40), change(6, 102, "v6", NOW + 1)]);
      });
      await compactMinor({ ...compactionOf(a as Lake, "run-a"), store });
      const expected = { ...state, 1: "late", 6: "v6" };
      // By the rule, the view shows a late change only once it is folded.
      expect(await shown(b as Lake)).toEqual({ ...state, 6: "v6" });
      await runMinor({ ...compactionOf(b as Lake, "run-b"), nowSeconds: () => NOW + 5 });
      expect(await shown(b as Lake)).toEqual(expected);
      await runMajor(compactionOf(b as Lake, "run-c"));
      expect(await shown(b as Lake)).toEqual(expected);
    });
  });
});

describe("a compaction that is killed between stage and commit", () => {
  test.each([
    ["minor", runMinor],
    ["major", runMajor],
  ])("%s: the view is as before, the next one succeeds, and vacuum clears what was left", async (_, run) => {
    await withLakes(1, async ([lake]) => {
      const { store } = lake as Lake;
      const state = await fill(lake as Lake);
      const before = await latestManifest(store, "t");
      const dead = new Error("killed");
      const killed: ObjectStore = { ...store, create: async () => Promise.reject(dead) };
      await expect(run({ ...compactionOf(lake as Lake, "run-dead"), store: killed })).rejects.toBe(dead);
      expect(await store.folders("t/segments/")).toContain("run-dead");
      expect(await latestManifest(store, "t")).toEqual(before);
      expect(await shown(lake as Lake)).toEqual(state);
      await run(compactionOf(lake as Lake, "run-next"));
      expect(await shown(lake as Lake)).toEqual(state);
      await age(lake as Lake, "run-dead");
      const policy = { retentionSeconds: 7 * 86_400, graceSeconds: 86_400 };
      expect((await vacuum(store, "t", policy, Date.now() / 1000)).files).toBeGreaterThan(0);
      expect(await store.folders("t/segments/")).not.toContain("run-dead");
      expect(await shown(lake as Lake)).toEqual(state);
    });
  });
});

describe("a snapshot", () => {
  test("with an older export time than the last one is refused and changes nothing", async () => {
    await withLakes(1, async ([lake], folder) => {
      await snapshot(lake as Lake, folder, "run-1", { 1: "new" }, NOW - 100);
      const paths = await pathsOf(lake as Lake);
      const older = snapshot(lake as Lake, folder, "run-2", { 1: "old" }, NOW - 101);
      await expect(older).rejects.toMatchObject({ code: "CONFLICT" });
      expect(await pathsOf(lake as Lake)).toEqual(paths);
      expect(await shown(lake as Lake)).toEqual({ 1: "new" });
      await snapshot(lake as Lake, folder, "run-3", { 1: "newer" }, NOW - 99);
      expect(await shown(lake as Lake)).toEqual({ 1: "newer" });
    });
  });

  test("of a table whose keys repeat is refused and changes nothing", async () => {
    await withLakes(1, async ([lake], folder) => {
      await snapshot(lake as Lake, folder, "run-1", { 1: "a" }, NOW - 100);
      const paths = await pathsOf(lake as Lake);
      const twice = ["a", "b"].map((S) => itemLine(writer, { K: { N: "1" }, V: { S } })).join("");
      await expect(seedWith(lake as Lake, folder, "run-2", twice, NOW)).rejects.toMatchObject({
        code: "EXPORT_INVALID",
      });
      expect(await pathsOf(lake as Lake)).toEqual(paths);
    });
  });
});

test("a query that began keeps its files while compactions and a vacuum of the window go on", async () => {
  await withLakes(2, async ([reader, compactor]) => {
    const state = await fill(reader as Lake);
    const view = await viewOf(reader as Lake);
    for (const run of ["run-1", "run-2", "run-3"]) {
      await deliverTo(compactor as Lake, [change(8, 200 + Number(run.at(-1)), run, NOW - 10)]);
      await runMinor(compactionOf(compactor as Lake, `${run}-minor`));
      await runMajor(compactionOf(compactor as Lake, `${run}-major`));
    }
    await vacuum(compactor!.store, "t", { retentionSeconds: 3600, graceSeconds: 0 }, NOW + 60);
    expect(stateOf(await reader!.engine.rows(view))).toEqual(state);
    expect(await shown(compactor as Lake)).toEqual({ ...state, 8: "run-3" });
    expect(await manifestSequences(compactor!.store, "t")).toContain(1);
  });
});

/** Writes a base, a delta and unfolded changes. Returns what the view must show. */
async function fill(lake: Lake): Promise<State> {
  await deliverTo(lake, [
    change(1, 1, "v1", NOW - 90),
    change(2, 2, "v2", NOW - 90),
    change(5, 3, "v5", NOW - 90),
  ]);
  await compactMinor({ ...compactionOf(lake, "run-0"), nowSeconds: () => NOW - 80 });
  await deliverTo(lake, [
    change(2, 4, undefined, NOW - 20),
    change(3, 5, "v3", NOW - 20),
    change(5, 6, "v5b", NOW - 20),
  ]);
  const state = { 1: "v1", 3: "v3", 5: "v5b" };
  expect(await shown(lake)).toEqual(state);
  return state;
}

async function runMinor(context: CompactionContext): Promise<void> {
  expect(await compactMinor(context)).toBeDefined();
}

async function runMajor(context: CompactionContext): Promise<void> {
  expect(await compactMajor(context, "all")).toBeDefined();
}

function compactionOf(
  lake: Lake,
  run: string,
  wrap = (store: ObjectStore): ObjectStore => store,
): CompactionContext {
  return {
    store: wrap(lake.store),
    engine: lake.engine,
    schema: SCHEMA,
    policy: { ...DEFAULT_POLICY, settleSeconds: 0 },
    newRunId: () => run,
    nowSeconds: () => NOW,
  };
}

/** Lets all of `parties` plan and stage before any commits. */
function meetingBeforeCommit(parties: number): (store: ObjectStore) => ObjectStore {
  let missing = parties;
  let open = (): void => undefined;
  const all = new Promise<void>((resolve) => {
    open = resolve;
  });
  return (store) => ({
    ...store,
    create: async (path, content) => {
      missing--;
      if (missing === 0) open();
      await all;
      return store.create(path, content);
    },
  });
}

/** Runs `between` after staging and before the commit. */
function interrupted(store: ObjectStore, between: () => Promise<void>): ObjectStore {
  return {
    ...store,
    create: async (path, content) => {
      await between();
      return store.create(path, content);
    },
  };
}

/** Delivers the changes and a later one without effect, because a compaction leaves the newest change in the log. */
async function deliverTo(lake: Lake, changes: readonly Change[]): Promise<void> {
  const last = changes.reduce((a, b) => (b.sequence > a.sequence ? b : a));
  const latest = Math.max(...changes.map(({ timeSeconds }) => timeSeconds));
  const records = [...changes, change(99, last.sequence + 1, undefined, latest + 1)].map(recordOf);
  const delivery = await deliver(
    {
      store: lake.store,
      sink: parquetSink(lake.root, SCHEMA, lake.session),
      writer,
      rowBytesMax: FILE_LIMITS.recordBytesMax,
    },
    { records, source: "a test", arrivedAtSeconds: NOW - 20 },
  );
  expect(delivery).toMatchObject({ rows: records.length });
}

interface Change {
  readonly key: number;
  readonly sequence: number;
  /** Undefined for a removal. */
  readonly value: string | undefined;
  readonly timeSeconds: number;
}

function change(key: number, sequence: number, value: string | undefined, timeSeconds: number): Change {
  return { key, sequence, value, timeSeconds };
}

function recordOf({ key, sequence, value, timeSeconds }: Change): unknown {
  const Keys = { K: { N: String(key) } };
  return {
    eventName: value === undefined ? "REMOVE" : "MODIFY",
    dynamodb: {
      Keys,
      SequenceNumber: String(sequence),
      ApproximateCreationDateTime: timeSeconds,
      ...(value === undefined ? {} : { NewImage: { ...Keys, V: { S: value } } }),
    },
  };
}

function snapshot(
  lake: Lake,
  folder: string,
  run: string,
  state: State,
  exportTimeSeconds: number,
  wrap = (store: ObjectStore): ObjectStore => store,
): Promise<void> {
  const lines = Object.entries(state).map(([K, V]) => itemLine(writer, { K: { N: K }, V: { S: V } }));
  return seedWith(lake, folder, run, lines.join(""), exportTimeSeconds, wrap);
}

async function seedWith(
  lake: Lake,
  folder: string,
  run: string,
  lines: string,
  exportTimeSeconds: number,
  wrap = (store: ObjectStore): ObjectStore => store,
): Promise<void> {
  const file = join(folder, `${run}.jsonl`);
  await writeFile(file, lines);
  await seed({
    store: wrap(lake.store),
    engine: lake.engine,
    schema: SCHEMA,
    run,
    staged: wireFiles(itemWireColumns(SCHEMA), [file]),
    items: lines.split("\n").length - 1,
    exportTimeSeconds,
    cutSeconds: exportTimeSeconds,
    deliveryDelaySeconds: DEFAULT_POLICY.deliveryDelaySeconds,
    snapshotsKept: 1,
    nowSeconds: () => NOW,
  });
}

async function viewOf(lake: Lake): Promise<string> {
  return (await currentView(lake.engine, await openTableOf(lake.store, SCHEMA), undefined)).sql;
}

async function shown(lake: Lake): Promise<State> {
  return stateOf(await lake.engine.rows(await viewOf(lake)));
}

function stateOf(rows: readonly Readonly<Record<string, unknown>>[]): State {
  const state = Object.fromEntries(rows.map(({ k, v }) => [Number(k), String(v)]));
  expect(Object.keys(state)).toHaveLength(rows.length);
  return state;
}

async function pathsOf(lake: Lake): Promise<readonly string[]> {
  return (await lake.store.list("")).map(({ path }) => path);
}

function unique(name: string, i: number, names: readonly string[]): boolean {
  return names.indexOf(name) === i;
}

/** Makes a run's files old enough for a vacuum. */
async function age(lake: Lake, run: string): Promise<void> {
  for (const { path } of await lake.store.list(`t/segments/${run}/`))
    await utimes(join(lake.root, path), 1, 1);
}
