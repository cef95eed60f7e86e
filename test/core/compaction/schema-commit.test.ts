import { describe, expect, test } from "@jest/globals";
import { commitPlan } from "../../../src/core/compaction/commit-plan.ts";
import { compactMajor, compactMinor } from "../../../src/core/compaction/compact.ts";
import type { CompactionContext } from "../../../src/core/compaction/compaction-context.ts";
import { DEFAULT_POLICY, partsToRewrite } from "../../../src/core/compaction/compaction-policy.ts";
import { planMajor } from "../../../src/core/compaction/major-plan.ts";
import { planMinor } from "../../../src/core/compaction/minor-plan.ts";
import {
  afterMajor,
  afterMinor,
  afterMisfits,
  afterSchemaChange,
  afterSnapshot,
} from "../../../src/core/compaction/next-manifest.ts";
import type { Plan } from "../../../src/core/compaction/plan.ts";
import type { CommitContext } from "../../../src/core/compaction/plan-context.ts";
import { changeSchema } from "../../../src/core/compaction/schema-commit.ts";
import { seed } from "../../../src/core/compaction/seed.ts";
import { schemaAfterSnapshot } from "../../../src/core/compaction/snapshot-schema.ts";
import { changeObjectPath } from "../../../src/core/format/lake-path.ts";
import {
  initialManifest,
  type Manifest,
  manifestText,
  type Segment,
} from "../../../src/core/format/manifest.ts";
import { itemsSchema } from "../../../src/core/overlay/items.ts";
import {
  currentView,
  historyViews,
  segmentsView,
  snapshotsView,
} from "../../../src/core/overlay/lake-view.ts";
import { rebasedSchema } from "../../../src/core/schema/rebased-schema.ts";
import { type AttributeFile, parseSchema, type Schema } from "../../../src/core/schema/schema.ts";
import { schemaMark } from "../../../src/core/schema/schema-change.ts";
import { latestManifest, readCommits } from "../../../src/core/table/commits.ts";
import { keptSnapshots } from "../../../src/core/table/kept-snapshots.ts";
import { openTable, openTableOf, stateAt, tableAsOf } from "../../../src/core/table/open-table.ts";
import { readWrittenSchema, writeSchema } from "../../../src/core/table/schema-file.ts";
import { FakeEngine } from "../../support/fake-engine.ts";
import { MemoryStore } from "../../support/memory-store.ts";

const NOW = 1_800_000_000;

function schemaWith(attributes: Record<string, AttributeFile>, partitionBy?: string): Schema {
  const cut = partitionBy === undefined ? {} : { partitionBy };
  const all = { id: { type: "string" }, ...attributes };
  return parseSchema({ table: "t", key: { hash: "id" }, ...cut, attributes: all }, "a test");
}

const FIRST = schemaWith({});
const SECOND = schemaWith({ note: { type: "string" } });
const THIRD = schemaWith({ note: { type: "string" }, total: { type: "int" } });
const OTHER = schemaWith({ price: { type: "double" } });

const segment = (kind: Segment["kind"], run: string, part = "b0000"): Segment => ({
  id: `${run}-${part}`,
  run,
  part,
  kind,
  rows: 10,
  bytes: 1,
});
const BASE = segment("base", "base");
const DELTA = segment("delta", "delta");
const KEPT = segment("base", "kept");
const SNAPSHOT = { run: "kept", exportTimeSeconds: 500, cutSeconds: 440, items: 10, segments: [KEPT] };
const SEEDED: Manifest = {
  ...initialManifest(1),
  sequence: 7,
  run: "delta",
  kind: "minor",
  committedAtSeconds: 900,
  schema: FIRST.file,
  segments: [BASE, DELTA],
  snapshots: [SNAPSHOT],
};
const commit = { run: "now", nowSeconds: NOW };
const change = { before: FIRST.file, schema: SECOND.file, added: ["note"] };

test("digits that were counted stand until all rows are replaced", () => {
  const counted = afterMisfits(SEEDED, { texts: [], wholeDigits: { price: 3 } }, commit);
  const staged = { ...commit, staged: [] };
  const minor = { horizonSeconds: 1000, takesDeltas: false, folded: [], foldedSinceSeconds: 0 };
  expect(afterMinor(counted, minor, staged)).toMatchObject({ wholeDigits: { price: 3 } });
  const facts = {
    exportTimeSeconds: 800,
    cutSeconds: 740,
    floorSeconds: 680,
    items: 0,
    buckets: 1,
    schema: FIRST.file,
    objects: [],
    deliveryDelaySeconds: 0,
    snapshotsKept: 1,
  };
  expect(afterSnapshot(counted, facts, staged).wholeDigits).toBeUndefined();
});

describe("the manifest after a change of the schema", () => {
  test("has the new schema, and remembers which segments lack the columns: live ones and those of kept snapshots", () => {
    expect(afterSchemaChange(SEEDED, change, commit)).toEqual({
      ...SEEDED,
      sequence: 8,
      run: "now",
      kind: "schema",
      committedAtSeconds: NOW,
      schema: { ...SECOND.file, evolution: 1 },
      formerSchemas: [schemaMark(FIRST.file)],
      recovery: {
        before: FIRST.file,
        columns: ["note"],
        segments: ["base-b0000", "delta-b0000", "kept-b0000"],
      },
    });
  });

  test("after a second change no segment is whole, and the schema before the first one is still known", () => {
    const rewritten = afterMajor(afterSchemaChange(SEEDED, change, commit), ["b0000"], {
      ...commit,
      staged: [segment("base", "new")],
    });
    expect(rewritten.recovery?.segments).toEqual(["kept-b0000"]);
    const again = { before: SECOND.file, schema: THIRD.file, added: ["total"] };
    expect(afterSchemaChange(rewritten, again, commit).recovery).toEqual({
      before: FIRST.file,
      columns: ["note", "total"],
      segments: ["new-b0000", "kept-b0000"],
    });
  });

  test("that only differs in its words remembers nothing", () => {
    expect(afterSchemaChange(SEEDED, { ...change, added: [] }, commit).recovery).toBeUndefined();
  });
});

describe("a segment that lacks columns is remembered", () => {
  const changed = afterSchemaChange(SEEDED, change, commit);
  const plan = { horizonSeconds: NOW, takesDeltas: false, folded: [], foldedSinceSeconds: 0 };

  test("until a minor compaction takes it in; new segments are whole", () => {
    const kept = afterMinor(changed, plan, { ...commit, staged: [segment("delta", "new")] });
    expect(kept.recovery?.segments).toEqual(["base-b0000", "delta-b0000", "kept-b0000"]);
    const taken = afterMinor(
      changed,
      { ...plan, takesDeltas: true },
      { ...commit, staged: [segment("delta", "new")] },
    );
    expect(taken.recovery).toEqual({ ...changed.recovery, segments: ["base-b0000", "kept-b0000"] });
  });

  test("until a snapshot replaces it, and as long as the snapshot that it is of is kept", () => {
    const facts = {
      exportTimeSeconds: 1000,
      cutSeconds: 900,
      floorSeconds: 880,
      items: 1,
      buckets: 1,
      schema: { ...SECOND.file, evolution: 1 },
      recovery: changed.recovery,
      objects: [],
      deliveryDelaySeconds: 0,
    };
    const staged = [segment("base", "new")];
    const two = afterSnapshot(changed, { ...facts, snapshotsKept: 2 }, { ...commit, staged });
    expect(two.recovery?.segments).toEqual(["kept-b0000"]);
    const one = afterSnapshot(changed, { ...facts, snapshotsKept: 1 }, { ...commit, staged });
    expect(one.recovery).toEqual({ before: FIRST.file, columns: ["note"], segments: [] });
  });

  test("a major compaction of everything rewrites its part, one of grown parts does not", () => {
    const alone = { ...changed, segments: [BASE, segment("base", "whole", "b0001")] };
    const none = new Map<string, number>();
    expect(partsToRewrite(alone, DEFAULT_POLICY, "all", none)).toEqual(["b0000"]);
    expect(partsToRewrite(alone, DEFAULT_POLICY, "grown", none)).toBeUndefined();
    expect(partsToRewrite({ ...alone, recovery: undefined }, DEFAULT_POLICY, "all", none)).toBeUndefined();
  });
});

describe("after a snapshot", () => {
  const staged = [segment("base", "new")];
  const schemaAfter = (manifest: Manifest, written: Schema, current: Schema, replaces = false) =>
    schemaAfterSnapshot(manifest, { written, current, replaces }, staged);
  const changed = afterSchemaChange(SEEDED, change, commit);

  test("by the table's own schema, everything stays", () => {
    expect(schemaAfter(changed, SECOND, SECOND)).toEqual({ schema: SECOND.file, recovery: changed.recovery });
  });

  test("by a schema with more columns, the change log is known to lack them", () => {
    expect(schemaAfter(SEEDED, SECOND, FIRST)).toEqual({ schema: SECOND.file, recovery: changed.recovery });
  });

  test("by a schema that got more columns in between, the new segments are known to lack them", () => {
    expect(schemaAfter(changed, FIRST, SECOND)).toEqual({
      schema: SECOND.file,
      recovery: { before: FIRST.file, columns: ["note"], segments: ["new-b0000", "kept-b0000"] },
    });
    expect(schemaAfter(changed, FIRST, SECOND, true)).toEqual({ schema: FIRST.file });
  });

  test("by a schema that does not fit, it is none, unless all of the table is replaced", () => {
    expect(schemaAfter(changed, OTHER, SECOND)).toBeUndefined();
    expect(schemaAfter(changed, OTHER, SECOND, true)).toEqual({ schema: OTHER.file });
  });

  test("whose files have columns that the table's schema does not read, it is none, unless all of the table is replaced", () => {
    const typed = (type: string): Schema =>
      parseSchema({ ...FIRST.file, attributes: { ...FIRST.file.attributes, price: { type } } }, "a test");
    // The table's column is a new one in files, and the snapshot's has the name of the old one.
    const current = rebasedSchema(typed("int"), typed("bigint")).schema;
    expect(current.columns.at(-1)).toMatchObject({ name: "price__bigint", earlier: [{ name: "price" }] });
    const written = typed("bigint");
    expect(schemaAfter(SEEDED, written, current)).toBeUndefined();
    expect(schemaAfter(SEEDED, written, current, true)).toEqual({ schema: written.file });
    expect(schemaAfter(SEEDED, typed("int"), current)?.recovery).toMatchObject({
      columns: ["price__bigint"],
    });
  });
});

interface World {
  readonly store: MemoryStore;
  readonly engine: FakeEngine;
  readonly context: CompactionContext;
}

/** A table with a base and a delta in manifest 7, one object in the change log, and a process with the first schema. */
function worldOf(manifest: Manifest = SEEDED): World {
  const store = new MemoryStore();
  const engine = new FakeEngine(store);
  engine.answer = (sql) => (sql.includes("repeated") ? [{ repeated: 0n }] : []);
  engine.keysOfParts = [{ part: "b0000", keys: 10 }];
  store.plant("t/manifest/000000000007.json", manifestText(manifest));
  store.plant("t/schema.json", JSON.stringify(FIRST.file));
  store.plant(changeObjectPath("t", NOW, NOW - 60, "object"), "rows");
  let runs = 0;
  const newRunId = (): string => `run-${++runs}`;
  const context = { store, engine, schema: FIRST, policy: DEFAULT_POLICY, newRunId, nowSeconds: () => NOW };
  return { store, engine, context };
}

describe("changing the schema of a table that holds data", () => {
  test("is a commit, and then written down", async () => {
    const { store, context } = worldOf();
    const done = await changeSchema(context, SECOND, "new.json");
    expect(done?.added).toEqual(["note"]);
    expect(await latestManifest(store, "t")).toMatchObject({
      sequence: 8,
      kind: "schema",
      schema: { ...SECOND.file, evolution: 1 },
    });
    expect(store.calls.filter((call) => /^(create|replace)/.test(call))).toEqual([
      "create t/manifest/000000000008.json",
      "replace t/schema.json",
    ]);
    expect((await readWrittenSchema(store, "t"))?.file).toEqual({ ...SECOND.file, evolution: 1 });
  });

  test("that it has already does nothing, but repairs what a death after the commit left behind", async () => {
    const { store, context } = worldOf();
    store.failOnce("replace", /schema\.json/, "before");
    await expect(changeSchema(context, SECOND, "new.json")).rejects.toThrow("no answer");
    expect((await openTable(store, "t"))?.schema?.file).toEqual({ ...SECOND.file, evolution: 1 });
    expect((await readWrittenSchema(store, "t"))?.file).toEqual(FIRST.file);
    expect(await changeSchema(context, SECOND, "new.json")).toBeUndefined();
    expect((await readWrittenSchema(store, "t"))?.file).toEqual({ ...SECOND.file, evolution: 1 });
    const before = store.calls.length;
    expect(await changeSchema(context, SECOND, "new.json")).toBeUndefined();
    expect(store.calls.slice(before).filter((call) => /^(create|replace|remove)/.test(call))).toEqual([]);
    expect((await latestManifest(store, "t")).sequence).toBe(8);
  });

  test("is done after a commit that came first, from what that one left", async () => {
    const { store, context } = worldOf();
    const theirs = { ...SEEDED, sequence: 8, run: "theirs", segments: [segment("base", "theirs")] };
    store.meetOnce("create", /manifest/, "before", () => {
      store.plant("t/manifest/000000000008.json", manifestText(theirs));
    });
    await changeSchema(context, SECOND, "new.json");
    expect((await latestManifest(store, "t")).recovery?.segments).toEqual(["theirs-b0000", "kept-b0000"]);
  });

  test("that the data does not allow changes nothing", async () => {
    const { store, context } = worldOf();
    const before = store.paths();
    await expect(
      changeSchema(context, OTHER, "new.json").then(() => changeSchema(context, FIRST, "x")),
    ).rejects.toMatchObject({
      code: "SCHEMA_INVALID",
    });
    expect((await latestManifest(store, "t")).schema).toEqual({ ...OTHER.file, evolution: 1 });
    expect(store.paths()).toEqual([...before, "t/manifest/000000000008.json"].sort());
  });

  test("that was judged by an earlier schema, and is refused by the one of now, is judged again", async () => {
    const { store, context } = worldOf();
    const commits = await openTableOf(store, FIRST);
    await changeSchema(context, SECOND, "new.json");
    const edit = changeSchema({ ...context, commits }, OTHER, "t/schema.json");
    await expect(edit).rejects.toMatchObject({ code: "CONFLICT" });
    const known = { ...context, commits: await openTableOf(store, SECOND) };
    await expect(changeSchema(known, OTHER, "t/schema.json")).rejects.toMatchObject({
      code: "SCHEMA_INVALID",
    });
    expect((await latestManifest(store, "t")).schema).toEqual({ ...SECOND.file, evolution: 1 });
  });

  test("of a table without a commit compares with what was written down", async () => {
    const { store, context } = worldOf();
    await store.remove(["t/manifest/000000000007.json"]);
    await changeSchema(context, SECOND, "new.json");
    expect(await latestManifest(store, "t")).toMatchObject({
      sequence: 1,
      kind: "schema",
      schema: { ...SECOND.file, evolution: 1 },
      recovery: { before: FIRST.file, columns: ["note"], segments: [] },
    });
  });
});

describe("a change of the schema that waited as a plan", () => {
  const plan: Plan = {
    run: "planned",
    fromSequence: 7,
    stages: [],
    change: { kind: "schema", schema: SECOND.file },
  };

  test("is committed under the plan's name, also after a commit that came first", async () => {
    const { store, context } = worldOf();
    store.plant("t/manifest/000000000008.json", manifestText({ ...SEEDED, sequence: 8, run: "theirs" }));
    expect(await commitPlan(await committing(context), plan, [])).toMatchObject({
      sequence: 9,
      run: "planned",
      kind: "schema",
      schema: { ...SECOND.file, evolution: 1 },
    });
  });

  test("is committed once, however often its answer is lost", async () => {
    const { store, context } = worldOf();
    store.failOnce("create", /manifest/, "after");
    const first = await commitPlan(await committing(context), plan, []);
    expect(await commitPlan(await committing(context), plan, [])).toEqual(first);
    expect(store.paths("t/manifest/")).toHaveLength(2);
  });
});

describe("processes that began by an older schema", () => {
  test("compact by the newest one, and what was written before is recovered", async () => {
    const { engine, context } = worldOf();
    await changeSchema(context, SECOND, "new.json");
    await compactMinor(context);
    expect(engine.staged[0]?.rows).toContain('coalesce("note", CASE WHEN contains(_unmapped,');
    await compactMajor(context, "all");
    expect(engine.staged[1]?.rows).toContain('coalesce("note", CASE WHEN contains(_unmapped,');
    expect(engine.staged[1]?.schema.file).toEqual({ ...SECOND.file, evolution: 1 });
    expect((await latestManifest(context.store, "t")).recovery?.segments).toEqual(["kept-b0000"]);
  });

  test("plan by the newest one", async () => {
    const { store, context } = worldOf();
    await changeSchema(context, SECOND, "new.json");
    const opened = await openTableOf(store, context.schema);
    expect(opened.schema.file).toEqual({ ...SECOND.file, evolution: 1 });
    for (const plan of [await planMinor(context, opened), await planMajor(context, opened, "all")]) {
      expect(plan?.fromSequence).toBe(8);
      expect(plan?.stages[0]?.rows).toContain('coalesce("note", CASE WHEN contains(_unmapped,');
    }
  });

  test("lose the race where the schema changes between plan and commit", async () => {
    const { store, context } = worldOf();
    store.meetOnce("create", /segments/, "before", () =>
      changeSchema(context, SECOND, "new.json").then(() => undefined),
    );
    await expect(compactMajor(context, "all")).rejects.toMatchObject({ code: "CONFLICT" });
    expect(store.paths("t/segments/")).toEqual([]);
  });

  test("take snapshots whose rows are known to lack the columns; one that does not fit is refused", async () => {
    const { store, engine, context } = worldOf();
    await changeSchema(context, SECOND, "new.json");
    const taken = { ...context, staged: "staged", items: 1, deliveryDelaySeconds: 7200, snapshotsKept: 1 };
    const times = { exportTimeSeconds: NOW, cutSeconds: NOW - 60 };
    const manifest = await seed({ ...taken, ...times, run: "stale" });
    expect(manifest).toMatchObject({
      schema: { ...SECOND.file, evolution: 1 },
      recovery: { segments: ["b-stale-b0000"] },
    });
    await expect(seed({ ...taken, ...times, run: "other", schema: OTHER })).rejects.toMatchObject({
      code: "CONFLICT",
    });
    expect(store.paths("t/segments/other/")).toEqual([]);
    await expect(
      seed({ ...taken, ...times, run: "other", schema: OTHER, replacesSchema: true }),
    ).rejects.toMatchObject({ code: "CONFLICT" });
    await store.remove(store.paths("t/changes/"));
    const replaced = await seed({ ...taken, ...times, run: "other", schema: OTHER, replacesSchema: true });
    expect(replaced.schema).toEqual({ ...OTHER.file, evolution: 2 });
    expect(replaced.recovery).toBeUndefined();
    expect(engine.staged).toHaveLength(4);
  });

  test("stage lines while the schema changes: the rows are made of both kinds", async () => {
    const { engine, context } = worldOf();
    await changeSchema(context, SECOND, "new.json");
    const taken = {
      ...context,
      schema: SECOND,
      staged: "staged",
      items: 1,
      deliveryDelaySeconds: 7200,
      snapshotsKept: 1,
    };
    await seed({ ...taken, run: "mixed", exportTimeSeconds: NOW, cutSeconds: NOW - 60 });
    expect(engine.staged[0]?.rows).toContain('coalesce("note", CASE WHEN contains(_unmapped,');
  });
});

describe("what is read", () => {
  test("nothing is looked for in _unmapped where no column was declared later", async () => {
    const { store, engine } = worldOf();
    const table = await openTableOf(store, FIRST);
    const views = [
      await currentView(engine, table, undefined),
      segmentsView(engine, table),
      snapshotsView(engine, table.schema, await keptSnapshots(store, table)),
      ...(await historyViews(engine, table)),
    ];
    for (const { sql } of views) expect(sql).not.toMatch(/contains|json/);
  });

  test("only segments that lack the column are looked into, and all of the change log", async () => {
    const { store, engine, context } = worldOf();
    await changeSchema(context, SECOND, "new.json");
    const changed = await openTableOf(store, FIRST);
    const withSegments = (segments: readonly Segment[]) => ({
      ...changed,
      manifest: { ...changed.manifest, segments },
    });
    const rewritten = withSegments([BASE, segment("base", "whole", "b0001")]);
    const { sql } = await currentView(engine, rewritten, undefined);
    expect(sql).toMatch(
      /coalesce\("note", .*\) AS "note".* FROM segments\(base-b0000\) UNION ALL SELECT .* FROM segments\(whole-b0001\)/,
    );
    expect(sql).toMatch(/"change log" AS .*FROM changes\(.*coalesce\("note", .*\nFROM "change log" WHERE/s);
    const whole = await currentView(engine, withSegments([segment("base", "whole", "b0001")]), undefined);
    expect(whole.sql).toContain("FROM segments(whole-b0001) WHERE _key NOT IN");
    const snapshots = snapshotsView(engine, rewritten.schema, await keptSnapshots(store, rewritten));
    const segments = segmentsView(engine, rewritten);
    expect(snapshots.sql).toMatch(/coalesce\("note", .* FROM segments\(kept-b0000\)/);
    expect(segments.sql).not.toContain("coalesce");
    const [history, changes] = await historyViews(engine, changed);
    expect(history?.sql).toContain('coalesce("note", ');
    expect(changes?.sql).not.toContain("coalesce");
  });

  test("a reader whose schema is older than the manifest sees what it knows", async () => {
    const { store, engine, context } = worldOf();
    await changeSchema(context, SECOND, "new.json");
    const older = { ...(await openTableOf(store, FIRST)), schema: FIRST };
    const { sql } = await currentView(engine, older, undefined);
    expect(sql).not.toContain("note");
  });

  test("of the past by the schema of then; items by the newest one, which has all of it", async () => {
    const { store, context } = worldOf();
    await changeSchema({ ...context, nowSeconds: () => NOW }, SECOND, "new.json");
    const now = await openTableOf(store, FIRST);
    const then = await tableAsOf(store, now, 1000);
    expect(then.manifest.sequence).toBe(7);
    expect(then.schema.file).toEqual(FIRST.file);
    expect(itemsSchema(now, then).file).toEqual({ ...SECOND.file, evolution: 1 });
    expect((await tableAsOf(store, now, undefined)).schema.file).toEqual({ ...SECOND.file, evolution: 1 });
    expect(itemsSchema({ schema: OTHER }, then).file).toEqual(OTHER.file);
    const replaced = stateAt(now, { ...then.manifest, schema: OTHER.file });
    expect(itemsSchema(now, replaced).file).toEqual(OTHER.file);
  });

  test("before the first commit that names a schema, it is the one before the first change", async () => {
    const { store, context } = worldOf();
    await store.remove(["t/manifest/000000000007.json"]);
    await writeSchema(store, FIRST);
    const before = await openTableOf(store, FIRST);
    expect((await tableAsOf(store, before, 1000)).schema.file).toEqual(FIRST.file);
    await changeSchema(context, SECOND, "new.json");
    await changeSchema(context, THIRD, "newer.json");
    const now = await openTableOf(store, THIRD);
    expect(now.schema.file).toEqual({ ...THIRD.file, evolution: 2 });
    expect((await tableAsOf(store, now, 1000)).schema.file).toEqual(FIRST.file);
  });
});

async function committing(context: CompactionContext): Promise<CommitContext> {
  return { ...context, commits: await readCommits(context.store, "t") };
}

test("a table that is cut by a column's values is rewritten where segments lack columns, and where keys of deltas are", async () => {
  const cut = schemaWith({ day: { type: "date" } }, "day(day)");
  const later = schemaWith({ day: { type: "date" }, note: { type: "string" } }, "day(day)");
  const segments = [
    segment("base", "old", "2026-01-01"),
    segment("base", "old", "none"),
    segment("delta", "d", "all"),
  ];
  const { engine, context } = worldOf({ ...SEEDED, schema: cut.file, segments });
  await changeSchema(context, later, "new.json");
  engine.rowsOfPart = 10;
  engine.keysOfParts = [
    { part: "2026-01-02", keys: 10 },
    { part: "none", keys: 10 },
    { part: null, keys: 10 },
  ];
  await compactMajor(context, "all");
  expect(engine.staged[0]?.cut.parts.map(({ part }) => part)).toEqual(["2026-01-01", "2026-01-02", "none"]);
  expect((await latestManifest(context.store, "t")).recovery?.segments).toEqual(["kept-b0000"]);
});
