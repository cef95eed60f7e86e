import { describe, expect, test } from "@jest/globals";
import { compactMajor, compactMinor } from "../../../src/core/compaction/compact.ts";
import type { CompactionContext } from "../../../src/core/compaction/compaction-context.ts";
import { DEFAULT_POLICY, UNDERWAY_SECONDS } from "../../../src/core/compaction/compaction-policy.ts";
import { commitSeed, planSeed, type SeedContext, seed } from "../../../src/core/compaction/seed.ts";
import { stagePlan } from "../../../src/core/compaction/stage-plan.ts";
import { DynalakeError } from "../../../src/core/error.ts";
import { changeObjectPath } from "../../../src/core/format/lake-path.ts";
import {
  initialManifest,
  type Manifest,
  manifestText,
  type Segment,
} from "../../../src/core/format/manifest.ts";
import { parseSchema } from "../../../src/core/schema/schema.ts";
import { latestManifest, readCommits } from "../../../src/core/table/commits.ts";
import { FakeEngine } from "../../support/fake-engine.ts";
import { Died, MemoryStore, type Moment } from "../../support/memory-store.ts";

const NOW = 1_800_000_000;
const SCHEMA = parseSchema(
  { table: "t", key: { hash: "id" }, partitionBy: "bucket(2)", attributes: { id: { type: "string" } } },
  "a test",
);
const FIRST = "t/manifest/000000000001.json";
const SECOND = "t/manifest/000000000002.json";

interface World {
  readonly store: MemoryStore;
  readonly engine: FakeEngine;
  readonly compaction: CompactionContext;
}

/** A table with a base and a delta of two buckets in manifest 1, and one object in the change log. */
function worldOf(): World {
  const store = new MemoryStore();
  const engine = new FakeEngine(store);
  engine.answer = (sql) => (sql.includes("repeated") ? [{ repeated: 0n }] : []);
  engine.keysOfParts = [
    { part: "b0000", keys: 1 },
    { part: "b0001", keys: 1 },
  ];
  let runs = 0;
  const segments = (["base", "delta"] as const).flatMap((kind) => [
    segmentOf(kind, "b0000", kind),
    segmentOf(kind, "b0001", kind),
  ]);
  const manifest: Manifest = { ...initialManifest(2), sequence: 1, run: "delta", kind: "minor", segments };
  store.plant(FIRST, manifestText({ ...manifest, horizonSeconds: NOW - 1000 }));
  for (const { run, part } of segments) store.plant(`t/segments/${run}/${part}/rows.parquet`, "rows");
  store.plant(changeObjectPath("t", NOW, NOW - 60, "object"), "rows");
  const compaction = {
    store,
    engine,
    schema: SCHEMA,
    policy: DEFAULT_POLICY,
    newRunId: () => `run-${++runs}`,
    nowSeconds: () => NOW,
  };
  return { store, engine, compaction };
}

const COMPACTIONS = [
  ["minor", ["all"], (world: World) => compactMinor(world.compaction)],
  ["major", ["b0000", "b0001"], (world: World) => compactMajor(world.compaction, "all")],
] as const;

describe.each(COMPACTIONS)("a %s compaction", (kind, parts, compact) => {
  test("whose staged files were removed by somebody commits nothing that names them", async () => {
    const world = worldOf();
    world.store.meetOnce("create", /segments\/run-1\/.*rows/, "after", () => {
      for (const path of world.store.paths("t/segments/run-1/")) world.store.objects.delete(path);
    });
    await expect(compact(world)).rejects.toMatchObject({ code: "CONFLICT", retryable: true });
    expect(world.store.paths("t/manifest/")).toEqual([FIRST]);
  });

  test("stages under a run of its own, and is there with the creation of the next manifest", async () => {
    const world = worldOf();
    const result = await compact(world);
    expect(result).toMatchObject({ kind, run: "run-1", rows: parts.length, segments: parts.length });
    expect(await latestManifest(world.store, "t")).toMatchObject({ sequence: 2, run: "run-1", kind });
    const writes = world.store.calls.filter((call) => call.startsWith("create "));
    expect(writes).toEqual([
      ...parts.map((part) => `create t/segments/run-1/${part}/rows.parquet`),
      `create ${SECOND}`,
    ]);
  });

  test("does nothing, and makes no run, where there is nothing to do", async () => {
    const world = worldOf();
    world.store.plant(FIRST, manifestText({ ...initialManifest(2), sequence: 1, horizonSeconds: NOW }));
    expect(await compact(world)).toBeUndefined();
    expect(world.engine.staged).toEqual([]);
    expect(world.store.calls.filter((call) => !/^(read|list|names|folders) /.test(call))).toEqual([]);
  });

  test("that loses a race removes what it has staged, and nothing else, and says so", async () => {
    const world = worldOf();
    const theirs = manifestText({ ...initialManifest(2), sequence: 2, run: "theirs" });
    world.store.meetOnce("create", /manifest/, "before", () => {
      world.store.plant(SECOND, theirs);
      world.store.plant("t/segments/theirs/b0000/rows.parquet", "rows");
    });
    const before = world.store.paths();
    await expect(compact(world)).rejects.toMatchObject({ code: "CONFLICT", retryable: true });
    const added = [SECOND, "t/segments/theirs/b0000/rows.parquet"];
    expect(world.store.paths()).toEqual([...before, ...added].sort());
    expect(world.store.text(SECOND)).toBe(theirs);
  });

  test("whose answer is lost after the commit has committed, and keeps what it staged", async () => {
    const world = worldOf();
    world.store.failOnce("create", /manifest/, "after");
    expect(await compact(world)).toMatchObject({ run: "run-1" });
    expect(world.store.paths("t/segments/run-1/")).toHaveLength(parts.length);
  });

  test("whose answer is lost where another has committed loses the race as ever", async () => {
    const world = worldOf();
    world.store.meetOnce("create", /manifest/, "before", () => {
      world.store.plant(SECOND, manifestText({ ...initialManifest(2), sequence: 2, run: "theirs" }));
      throw new Error("no answer");
    });
    await expect(compact(world)).rejects.toMatchObject({ code: "CONFLICT" });
    expect(world.store.paths("t/segments/run-1/")).toEqual([]);
  });

  test("of unknown outcome keeps what it staged: the commit may still be there", async () => {
    const unknown = worldOf();
    unknown.store.failOnce("create", /manifest/, "after");
    unknown.store.failOnce("read", /000000000002/, "before");
    await expect(compact(unknown)).rejects.toThrow("no answer");
    expect(unknown.store.paths("t/segments/run-1/")).toHaveLength(parts.length);
    expect(await latestManifest(unknown.store, "t")).toMatchObject({ run: "run-1" });
    const undone = worldOf();
    undone.store.failOnce("create", /manifest/, "before");
    await expect(compact(undone)).rejects.toThrow("no answer");
    expect(undone.store.paths("t/segments/run-1/")).toHaveLength(parts.length);
    expect(await latestManifest(undone.store, "t")).toMatchObject({ run: "delta" });
  });

  test("that fails while it stages removes the parts that it has written and leaves the table as it was", async () => {
    const world = worldOf();
    world.engine.failAfterParts = parts.length - 1;
    const before = world.store.paths();
    await expect(compact(world)).rejects.toThrow("the staging failed");
    expect(world.store.paths()).toEqual(before);
  });

  test.each<Moment>(["before", "after"])(
    "that dies right %s any operation leaves manifest 1 or 2, whole, and the next one succeeds",
    async (moment) => {
      const whole = worldOf();
      await compact(whole);
      for (let call = 0; call < whole.store.calls.length; call++) {
        const world = worldOf();
        world.store.dieAt(call, moment);
        await compact(world).catch((error: unknown) => expect(error).toBeInstanceOf(Died));
        world.store.revive();
        const manifest = await latestManifest(world.store, "t");
        expect([1, 2]).toContain(manifest.sequence);
        requireSegments(world.store, manifest);
        await compact(world);
        const next = await latestManifest(world.store, "t");
        expect(next.sequence).toBe(2);
        requireSegments(world.store, next);
      }
    },
  );
});

test("a minor compaction of an idle table moves the horizon once a day, without a statement", async () => {
  const world = worldOf();
  const days = (count: number): CompactionContext => ({
    ...world.compaction,
    nowSeconds: () => NOW + count * 24 * 3600,
  });
  expect(await compactMinor(days(0))).toMatchObject({ manifest: { kind: "minor" } });
  const staged = world.store.paths("t/segments/");
  const { sequence, segments } = await latestManifest(world.store, "t");
  for (const count of [365, 365.5, 366.5]) await compactMinor(days(count));
  expect(world.store.paths("t/segments/")).toEqual(staged);
  expect(await latestManifest(world.store, "t")).toMatchObject({
    sequence: sequence + 2,
    segments,
    horizonSeconds: NOW + 366.5 * 24 * 3600 - UNDERWAY_SECONDS,
  });
});

test("a major compaction that fails at its second part removes the first one, too", async () => {
  const world = worldOf();
  world.store.failOnce("create", /segments\/run-1\/b0001/, "before");
  const before = world.store.paths();
  await expect(compactMajor(world.compaction, "all")).rejects.toThrow("no answer");
  expect(world.store.paths()).toEqual(before);
});

test("a major compaction does not drop deltas of which the engine reads no rows, or too many", async () => {
  for (const keys of [[], [{ part: "b0000", keys: 3 }]]) {
    const world = worldOf();
    world.engine.keysOfParts = keys;
    await expect(compactMajor(world.compaction, "all")).rejects.toMatchObject({
      code: "ENGINE_FAILED",
      message: `deltas of 2 rows cannot have ${keys[0]?.keys ?? 0} keys: nothing was planned`,
    });
  }
});

describe("a snapshot", () => {
  test("commits past whatever came first: it replaces base and deltas anyway", async () => {
    const world = worldOf();
    world.store.meetOnce("create", /manifest/, "before", () => {
      world.store.plant(
        SECOND,
        manifestText({ ...initialManifest(2), sequence: 2, run: "theirs", horizonSeconds: NOW }),
      );
    });
    expect(await seed(seedOf(world))).toMatchObject({ sequence: 3, run: "snapshot", kind: "snapshot" });
    const manifest = await latestManifest(world.store, "t");
    expect(manifest).toMatchObject({ floorSeconds: NOW - 420, horizonSeconds: NOW - 420 });
    expect(manifest.segments.map(({ run }) => run)).toEqual(["snapshot", "snapshot"]);
  });

  test("of an earlier time than the last one is refused, and leaves nothing behind", async () => {
    const world = worldOf();
    await seed(seedOf(world, { run: "later", exportTimeSeconds: NOW - 299 }));
    const before = world.store.paths();
    await expect(seed(seedOf(world))).rejects.toMatchObject({
      code: "CONFLICT",
      next: expect.stringContaining("Take a new snapshot"),
    });
    expect(world.store.paths()).toEqual(before);
    expect(await latestManifest(world.store, "t")).toMatchObject({ run: "later" });
  });

  test("of the same time is taken again", async () => {
    const world = worldOf();
    await seed(seedOf(world, { run: "first" }));
    expect(await seed(seedOf(world))).toMatchObject({ run: "snapshot" });
  });

  test("of an earlier time is refused, too, where the later one comes first while it is staged", async () => {
    const world = worldOf();
    world.store.meetOnce("create", /segments\/snapshot\/b0001/, "after", async () => {
      await seed(seedOf(world, { run: "later", exportTimeSeconds: NOW - 10 }));
    });
    await expect(seed(seedOf(world))).rejects.toMatchObject({ code: "CONFLICT" });
    expect(world.store.paths("t/segments/snapshot/")).toEqual([]);
    expect(world.store.paths("t/segments/later/")).toHaveLength(2);
  });

  test("whose items repeat is refused before its commit, and leaves nothing behind", async () => {
    const world = worldOf();
    world.engine.answer = (sql) => (sql.includes("repeated") ? [{ repeated: 2n }] : []);
    const before = world.store.paths();
    await expect(seed(seedOf(world))).rejects.toMatchObject({ code: "EXPORT_INVALID" });
    expect(world.store.paths()).toEqual(before);
  });

  test.each(["THROTTLED", "UNREACHABLE"] as const)(
    "whose keys could not be asked for (%s) keeps what it has staged for the next try, which commits it",
    async (code) => {
      const world = worldOf();
      const { context, planned, staged } = await stagedSeed(world);
      world.engine.answer = () => {
        throw new DynalakeError(code, "no answer");
      };
      await expect(commitSeed(context, planned, staged)).rejects.toMatchObject({ code });
      world.engine.answer = () => [{ repeated: 0n }];
      expect(await commitSeed(context, planned, staged)).toMatchObject({ run: "snapshot" });
      expect(world.store.paths("t/segments/snapshot/")).toHaveLength(2);
    },
  );

  test.each([1, 3])(
    "of %d items of which two were written is no snapshot, and leaves nothing behind",
    async (items) => {
      const world = worldOf();
      const before = world.store.paths();
      await expect(seed(seedOf(world, { items }))).rejects.toMatchObject({
        code: "ENGINE_FAILED",
        message: `of ${items} items 2 were written: nothing was committed`,
      });
      expect(world.store.paths()).toEqual(before);
    },
  );

  test("gives up where other commits keep coming first, and leaves nothing behind", async () => {
    const world = worldOf();
    let sequence = 1;
    const other = (): void => {
      sequence++;
      const path = `t/manifest/${String(sequence).padStart(12, "0")}.json`;
      world.store.plant(path, manifestText({ ...initialManifest(2), sequence, run: "theirs" }));
      world.store.meetOnce("create", /manifest/, "before", other);
    };
    world.store.meetOnce("create", /manifest/, "before", other);
    await expect(seed(seedOf(world))).rejects.toMatchObject({ code: "CONFLICT" });
    expect(world.store.paths("t/segments/snapshot/")).toEqual([]);
  });

  test("that an earlier try has committed keeps its files when the next try fails", async () => {
    const world = worldOf();
    const { context, planned, staged } = await stagedSeed(world);
    await commitSeed(context, planned, staged);
    world.engine.answer = () => {
      throw new Error("the engine is busy");
    };
    await expect(commitSeed(context, planned, staged)).rejects.toThrow("the engine is busy");
    requireSegments(world.store, await latestManifest(world.store, "t"));
    // After a later snapshot, repeating this commit to get its answer fails, and damages no past state.
    world.engine.answer = (sql) => (sql.includes("repeated") ? [{ repeated: 0n }] : []);
    await seed(seedOf(world, { run: "later", exportTimeSeconds: NOW }));
    await expect(commitSeed(context, planned, staged)).rejects.toMatchObject({ code: "CONFLICT" });
    expect(world.store.paths("t/segments/snapshot/")).toHaveLength(2);
  });

  test("of unknown outcome keeps what it staged", async () => {
    const world = worldOf();
    world.store.failOnce("create", /manifest/, "after");
    world.store.failOnce("read", /000000000002/, "before");
    await expect(seed(seedOf(world))).rejects.toThrow("no answer");
    expect(await latestManifest(world.store, "t")).toMatchObject({ run: "snapshot" });
    expect(world.store.paths("t/segments/snapshot/")).toHaveLength(2);
  });
});

/** A snapshot right before its commit. */
async function stagedSeed(world: World) {
  const context = seedOf(world);
  const commits = await readCommits(world.store, "t");
  const planned = await planSeed(context, commits.manifest);
  return { context: { ...context, commits }, planned, staged: await stagePlan(context, planned) };
}

function seedOf({ store, engine }: World, change: Partial<SeedContext> = {}): SeedContext {
  return {
    store,
    engine,
    schema: SCHEMA,
    run: "snapshot",
    staged: "staged",
    items: 2,
    exportTimeSeconds: NOW - 300,
    cutSeconds: NOW - 360,
    deliveryDelaySeconds: 7200,
    snapshotsKept: 1,
    nowSeconds: () => NOW,
    ...change,
  };
}

function segmentOf(run: string, part: string, kind: Segment["kind"]): Segment {
  return { id: `${run}-${part}`, run, part, kind, rows: 1, bytes: 1 };
}

function requireSegments(store: MemoryStore, manifest: Manifest): void {
  for (const { run, part } of manifest.segments)
    expect(store.text(`t/segments/${run}/${part}/rows.parquet`)).toBeDefined();
}
