/**
 * For any items and any order of evolutions, a table whose types have widened answers as one that had the last schema from the
 * beginning: in its view, its history and its snapshots, whoever still writes by an older schema, and however it is compacted.
 */

import { expect, test } from "@jest/globals";
import { compactMajor, compactMinor } from "../../src/core/compaction/compact.ts";
import { type CountDigits, changeSchema } from "../../src/core/compaction/schema-commit.ts";
import { EVOLVED_FORMAT, LAKE_FORMAT } from "../../src/core/format/lake-file.ts";
import { cleanSegments } from "../../src/core/overlay/clean-segments.ts";
import { currentView, historyViews, type LakeView, snapshotsView } from "../../src/core/overlay/lake-view.ts";
import { shownView } from "../../src/core/overlay/shown-view.ts";
import { type AttributeFile, parseSchema, type Schema } from "../../src/core/schema/schema.ts";
import { latestManifest } from "../../src/core/table/commits.ts";
import { keptSnapshots } from "../../src/core/table/kept-snapshots.ts";
import { type OpenTable, openTableOf, tableAsOf } from "../../src/core/table/open-table.ts";
import { writeSchema } from "../../src/core/table/schema-file.ts";
import { type AttributeValue, type Item, readItem } from "../../src/core/values/attribute-value.ts";
import { keyHash, keyOf } from "../../src/core/values/key.ts";
import { type LakeFolder, openLakeFolder } from "../../src/embedded/folder/lake-folder.ts";
import { newRunId } from "../../src/sdk/new-run-id.ts";
import { attributeValue } from "../arbitraries/item.ts";
import * as fc from "../support/fast-check.ts";
import { withFolder } from "../support/folders.ts";
import {
  CHANGED_AT_SECONDS,
  compactionOf,
  deliverItems,
  differences,
  itemsOf,
  takeSnapshot,
} from "../support/lake-rows.ts";

/** The types that the column of each attribute gets, one after the other. */
const TYPES: Readonly<Record<string, readonly string[]>> = {
  id: ["int", "decimal(14,2)"],
  n: ["int", "bigint", "decimal(22,3)", "decimal(30,8)", "decimal(38,8)"],
  far: ["decimal(38,8)", "decimal(38,20)"],
  d: ["decimal(5,2)", "decimal(9,2)", "decimal(20,10)"],
  list: ["array<int>", "array<bigint>", "array<decimal(24,3)>"],
  set: ["array<int>", "array<decimal(14,3)>"],
  map: ["map<string,int>", "map<string,array<int>>", "map<string,array<bigint>>"].slice(1),
  to: [
    "struct<a:int>",
    "struct<a:bigint>",
    "struct<b:string,a:decimal(23,2)>",
    "struct<b:string,a:decimal(23,2),at:timestamp,in:struct<x:int>>",
    "struct<a:decimal(23,2),b:string,at:timestamp,in:struct<x:bigint,y:array<string>>>",
  ],
  at: ["timestamp"],
};
const ATTRIBUTES = Object.keys(TYPES);
/** How far each column has come. */
type Stage = Readonly<Record<string, number>>;

type Step =
  | { readonly kind: "deliver"; readonly items: readonly Item[]; readonly stale: number }
  | { readonly kind: "widen"; readonly attribute: string; readonly counts: boolean }
  | { readonly kind: "snapshot"; readonly items: readonly Item[]; readonly stale: number }
  | { readonly kind: "minor" | "grown" | "all" };

function schemaAt(table: string, stage: Stage): Schema {
  const attributes = Object.fromEntries(
    ATTRIBUTES.map((name): [string, AttributeFile] => {
      const type = TYPES[name]?.[stage[name] ?? 0] as string;
      return [name, name === "set" ? { type, set: true } : { type, name: `col_${name}` }];
    }),
  );
  return parseSchema({ table, source: "Source", key: { hash: "id" }, attributes }, "a test");
}

const number = fc
  .constantFrom(
    "5",
    "-7",
    "3000000000",
    "9223372036854775807",
    "29.99",
    "0.125",
    "0.00000001",
    "123456.5",
    "1E+20",
  )
  .map((N): AttributeValue => ({ N }));
const scalar = fc.oneof(
  { weight: 4, arbitrary: number },
  fc.constantFrom<AttributeValue>({ S: "x" }, { S: "2024-02-29T10:30:00Z" }, { NULL: true }, { BOOL: true }),
);
const part = fc.oneof(
  scalar,
  fc.array(number, { maxLength: 2 }).map((L): AttributeValue => ({ L })),
);
const nested = fc.oneof(
  { weight: 1, arbitrary: attributeValue },
  { weight: 2, arbitrary: fc.array(part, { maxLength: 3 }).map((L): AttributeValue => ({ L })) },
  {
    weight: 2,
    arbitrary: fc
      .uniqueArray(fc.constantFrom("1", "2.5", "3000000000"), { minLength: 1 })
      .map((NS): AttributeValue => ({ NS })),
  },
  {
    weight: 4,
    arbitrary: fc
      .dictionary(fc.constantFrom("a", "b", "at", "z"), part, { maxKeys: 4 })
      .chain((M) =>
        fc
          .option(fc.dictionary(fc.constantFrom("x", "y"), part, { maxKeys: 2 }), { nil: undefined })
          .map((inner): AttributeValue => ({ M: inner === undefined ? M : { ...M, in: { M: inner } } })),
      ),
  },
);
const item = fc
  .record(
    {
      n: scalar,
      far: scalar,
      d: scalar,
      list: nested,
      set: nested,
      map: nested,
      to: nested,
      at: scalar,
      new: scalar,
    },
    { requiredKeys: [] },
  )
  .chain((attributes) =>
    fc.constantFrom("1", "2", "1.5", "3000000000").map((N): Item => readItem({ ...attributes, id: { N } })),
  );
const items = fc.array(item, { minLength: 1, maxLength: 3 });
const stale = fc.nat({ max: 3 });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("deliver" as const), items, stale }) },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant("widen" as const),
      attribute: fc.constantFrom(
        "n",
        "n",
        "n",
        "far",
        "far",
        "to",
        "to",
        "to",
        "d",
        "list",
        "set",
        "map",
        "id",
      ),
      counts: fc.boolean(),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constantFrom("minor" as const, "grown" as const, "all" as const) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("snapshot" as const),
      items: fc.uniqueArray(item, { minLength: 1, maxLength: 3, selector: hashOf }),
      stale,
    }),
  },
);

function hashOf(each: Item): string {
  return keyHash(keyOf({ hash: "id" }, each) ?? []);
}

test("a table whose columns have widened has the rows of one that always had the widest", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 10 }), (steps) =>
      withFolder(async (folder) => {
        const lake = await openLakeFolder(`${folder}/lake`);
        try {
          await expectAsAlways(lake, folder, steps);
        } finally {
          await lake.close();
        }
      }),
    ),
    { numRuns: 40 },
  );
}, 900_000);

async function expectAsAlways(lake: LakeFolder, folder: string, steps: readonly Step[]): Promise<void> {
  const last = steps.reduce<Stage>(
    (stage, each) => (each.kind === "widen" ? widened(stage, each) : stage),
    {},
  );
  const always = schemaAt("always", last);
  const first = schemaAt("evolving", {});
  await writeSchema(lake.store, first);
  await writeSchema(lake.store, always);
  await play(lake, folder, steps, [always], always);
  const current = await play(lake, folder, steps, [first], first);
  const compaction = compactionOf(lake, current);
  const expectSame = async (): Promise<void> => {
    await expectSameAnswers(lake, current, always);
  };
  await expectSame();
  const hasEvolved = Object.values(last).some((stage) => stage > 0);
  expect((await latestManifest(lake.store, "evolving")).format).toBe(
    hasEvolved ? EVOLVED_FORMAT : LAKE_FORMAT,
  );
  await compactMinor(compaction);
  await expectSame();
  await compactMajor(compaction, "all");
  await expectSame();
  const { segments, recovery } = await latestManifest(lake.store, "evolving");
  expect(segments.filter(({ id }) => recovery?.segments.includes(id))).toEqual([]);
}

function widened(stage: Stage, { attribute }: { readonly attribute: string }): Stage {
  const next = (stage[attribute] ?? 0) + 1;
  return next < (TYPES[attribute]?.length ?? 0) ? { ...stage, [attribute]: next } : stage;
}

/** As if nothing were in the way: numbers for which there is no room are kept even so. */
const NO_DIGITS: CountDigits = async (_, columns) => new Map(columns.map(({ attribute }) => [attribute, 0]));

/** Returns the table's schema at the end. A table whose first schema is the last does not change. */
async function play(
  lake: LakeFolder,
  folder: string,
  steps: readonly Step[],
  schemas: Schema[],
  first: Schema,
): Promise<Schema> {
  const { table } = first;
  let stage: Stage = {};
  let sequence = 100;
  const newest = (): Schema => schemas.at(-1) as Schema;
  const written = (by: number): Schema => schemas[Math.max(0, schemas.length - 1 - by)] as Schema;
  for (const [i, each] of steps.entries()) {
    const compaction = compactionOf(lake, newest());
    switch (each.kind) {
      case "deliver":
        await deliverItems(lake, written(each.stale), each.items, sequence);
        sequence += 10;
        break;
      case "snapshot":
        await takeSnapshot(lake, written(each.stale), `${folder}/${table}-${i}`, each.items);
        break;
      case "widen": {
        stage = widened(stage, each);
        if (table === "always") break;
        const context = { store: lake.store, newRunId, nowSeconds: () => CHANGED_AT_SECONDS + 1000 };
        const countClean = each.counts ? cleanSegments(lake.engine) : undefined;
        const counts = { countClean, countDigits: NO_DIGITS };
        const commit = await changeSchema({ ...context, ...counts }, schemaAt(table, stage), "a test");
        if (commit !== undefined) schemas.push(commit.schema);
        break;
      }
      case "minor":
        await compactMinor(compaction);
        break;
      default:
        await compactMajor({ ...compaction, policy: { ...compaction.policy, majorRowsMin: 1 } }, each.kind);
    }
  }
  return newest();
}

async function expectSameAnswers(lake: LakeFolder, current: Schema, always: Schema): Promise<void> {
  const [own, other] = [await openTableOf(lake.store, current), await openTableOf(lake.store, always)];
  for (const view of [viewOf, historyOf, snapshotsOf]) {
    await keep(lake, own, await view(lake, own), "shown");
    await keep(lake, other, await view(lake, other), "expected");
    expect(await differences(lake, "shown", "expected")).toEqual([]);
  }
  expect(await itemsOf(lake, current)).toEqual(await itemsOf(lake, always));
}

const viewOf = (lake: LakeFolder, table: OpenTable): Promise<LakeView> =>
  currentView(lake.engine, table, undefined);

async function historyOf(lake: LakeFolder, table: OpenTable): Promise<LakeView> {
  return (await historyViews(lake.engine, table))[0] as LakeView;
}

async function snapshotsOf(lake: LakeFolder, table: OpenTable): Promise<LakeView> {
  return snapshotsView(lake.engine, table.schema, await keptSnapshots(lake.store, table));
}

/** As people see it, without what depends on the schema of the writer. */
async function keep(lake: LakeFolder, table: OpenTable, view: LakeView, name: string): Promise<void> {
  const { sql } = shownView(lake.engine.dialect, table, view, "label");
  await lake.session.run(`CREATE OR REPLACE TABLE ${name} AS SELECT * EXCLUDE (_unmapped) FROM (${sql})`);
}

test("the table of a time before shows changes of then that were delivered by the newest schema", async () => {
  await withFolder(async (folder) => {
    const lake = await openLakeFolder(`${folder}/lake`);
    try {
      const first = schemaAt("evolving", {});
      await writeSchema(lake.store, first);
      const of = (id: string, n: string): Item => readItem({ id: { N: id }, n: { N: n } });
      await deliverItems(lake, first, [of("1", "5"), of("2", "6")], 100);
      await compactMinor(compactionOf(lake, first));
      const context = { store: lake.store, newRunId, nowSeconds: () => CHANGED_AT_SECONDS + 2000 };
      for (const n of [1, 2]) await changeSchema(context, schemaAt("evolving", { n }), "a test");
      const { schema } = await openTableOf(lake.store, first);
      await deliverItems(lake, schema, [of("1", "7.5"), of("3", "8")], 150);
      const then = await tableAsOf(
        lake.store,
        await openTableOf(lake.store, first),
        CHANGED_AT_SECONDS + 1500,
      );
      const view = await currentView(lake.engine, then, CHANGED_AT_SECONDS + 1500);
      const { sql } = shownView(lake.engine.dialect, then, view, "label");
      const rows = await lake.engine.rows(
        `SELECT CAST(col_id AS VARCHAR) AS id, CAST(col_n AS VARCHAR) AS n FROM (${sql}) ORDER BY 1`,
      );
      expect(rows).toEqual([
        { id: "1", n: "7.500" },
        { id: "2", n: "6.000" },
        { id: "3", n: "8.000" },
      ]);
    } finally {
      await lake.close();
    }
  });
});
