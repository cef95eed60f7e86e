import { expect, test } from "@jest/globals";
import { compactMajor, compactMinor } from "../../src/core/compaction/compact.ts";
import { changeSchema } from "../../src/core/compaction/schema-commit.ts";
import { historyViews, snapshotsView } from "../../src/core/overlay/lake-view.ts";
import type { ColumnType } from "../../src/core/schema/column-type.ts";
import { parseSchema, type Schema, type SchemaFile } from "../../src/core/schema/schema.ts";
import { latestManifest } from "../../src/core/table/commits.ts";
import { keptSnapshots } from "../../src/core/table/kept-snapshots.ts";
import { openTableOf } from "../../src/core/table/open-table.ts";
import { writeSchema } from "../../src/core/table/schema-file.ts";
import { type AttributeValue, type Item, itemText, readItem } from "../../src/core/values/attribute-value.ts";
import { type KeySchema, keyAttributes, keyHash, keyOf } from "../../src/core/values/key.ts";
import { type LakeFolder, openLakeFolder } from "../../src/embedded/folder/lake-folder.ts";
import { newRunId } from "../../src/sdk/new-run-id.ts";
import { keyedItem, keySchema } from "../arbitraries/item.ts";
import { schemaFor } from "../arbitraries/schema.ts";
import * as fc from "../support/fast-check.ts";
import { withFolder } from "../support/folders.ts";
import {
  CHANGED_AT_SECONDS,
  compactionOf,
  deliverItems,
  differences,
  itemsOf,
  keepRows,
  takeSnapshot,
} from "../support/lake-rows.ts";

interface Evolution {
  /** Items of the snapshot, and of changes before and after the schema change. */
  readonly snapshot: readonly Item[];
  readonly before: readonly Item[];
  readonly after: readonly Item[];
  readonly file: SchemaFile;
  /** The attributes that were declared later. */
  readonly later: readonly string[];
}

test("a table whose columns were declared later has the rows of one that always had them, however it is compacted", async () => {
  await fc.assert(fc.asyncProperty(evolution, expectSameRows), { numRuns: 12 });
}, 600_000);

/** Columns that may differ with the schema used for writing. */
const LEFT_OUT = ["_unmapped"];

async function expectSameRows({ snapshot, before, after, file, later }: Evolution): Promise<void> {
  const attributes = Object.entries(file.attributes).filter(([name]) => !later.includes(name));
  const old = parseSchema({ ...file, attributes: Object.fromEntries(attributes) }, "the schema before");
  const full = parseSchema(file, "the schema");
  const always = parseSchema({ ...file, table: "always" }, "the schema");
  const items = itemsAfter(full.key, [...snapshot, ...before, ...after]);
  await withFolder(async (folder) => {
    const lake = await openLakeFolder(`${folder}/lake`);
    try {
      await writeSchema(lake.store, old);
      for (const [schema, next] of [
        [old, full],
        [always, always],
      ] as const) {
        if (snapshot.length > 0)
          await takeSnapshot(lake, schema, `${folder}/export-${schema.table}`, snapshot);
        await deliverItems(lake, schema, before, 100);
        if (snapshot.length % 2 === 0) await compactMinor(compactionOf(lake, schema));
        if (schema === old) await declareLater(lake, full);
        await deliverItems(lake, next, after, 200);
      }
      const compaction = compactionOf(lake, full);
      const expectSame = () => expectSameViews(lake, full, always, items);
      await expectSame();
      await compactMinor(compaction);
      await expectSame();
      await compactMajor({ ...compaction, policy: { ...compaction.policy, majorRowsMin: 2 } }, "grown");
      await expectSame();
      await compactMajor(compaction, "all");
      await expectSame();
      expect(await lackingSegments(lake, full)).toEqual([]);
    } finally {
      await lake.close();
    }
  });
}

async function declareLater(lake: LakeFolder, schema: Schema): Promise<void> {
  const context = { store: lake.store, newRunId, nowSeconds: () => CHANGED_AT_SECONDS + 1000 };
  await changeSchema(context, schema, "the schema");
}

/** Live segments that lack a column. */
async function lackingSegments(lake: LakeFolder, schema: Schema): Promise<readonly string[]> {
  const { segments, recovery } = await latestManifest(lake.store, schema.table);
  return segments.map(({ id }) => id).filter((id) => recovery?.segments.includes(id));
}

async function expectSameViews(
  lake: LakeFolder,
  schema: Schema,
  always: Schema,
  items: readonly string[],
): Promise<void> {
  await keepRows(lake, schema, "shown", LEFT_OUT);
  await keepRows(lake, always, "expected", LEFT_OUT);
  expect(await differences(lake, "shown", "expected")).toEqual([]);
  await keepHistory(lake, schema, "history_shown");
  await keepHistory(lake, always, "history_expected");
  expect(await differences(lake, "history_shown", "history_expected")).toEqual([]);
  await keepSnapshots(lake, schema, "snapshots_shown");
  await keepSnapshots(lake, always, "snapshots_expected");
  expect(await differences(lake, "snapshots_shown", "snapshots_expected")).toEqual([]);
  expect(await itemsOf(lake, schema)).toEqual(items);
}

async function keepHistory(lake: LakeFolder, schema: Schema, name: string): Promise<void> {
  const [history] = await historyViews(lake.engine, await openTableOf(lake.store, schema));
  await keep(lake, history?.sql ?? "", name);
}

async function keepSnapshots(lake: LakeFolder, schema: Schema, name: string): Promise<void> {
  const table = await openTableOf(lake.store, schema);
  const { sql } = snapshotsView(lake.engine, table.schema, await keptSnapshots(lake.store, table));
  await keep(lake, sql, name);
}

async function keep(lake: LakeFolder, sql: string, name: string): Promise<void> {
  await lake.session.run(`CREATE OR REPLACE TABLE ${name} AS SELECT * EXCLUDE (_unmapped) FROM (${sql})`);
}

/** The newest item of each key, as text. */
function itemsAfter(key: KeySchema, writes: readonly Item[]): readonly string[] {
  const newest = new Map(writes.map((item) => [hashOf(key, item), itemText(readItem(item))]));
  return [...newest.values()].sort();
}

function hashOf(key: KeySchema, item: Item): string {
  return keyHash(keyOf(key, readItem(item)) as readonly AttributeValue[]);
}

const evolution: fc.Arbitrary<Evolution> = keySchema.chain((key) => {
  const items = (min: number) =>
    fc.array(keyedItem(key).filter(isToldBySql), { minLength: min, maxLength: 5 });
  return fc.tuple(items(0), items(1), items(1)).chain(([snapshot, before, after]) =>
    schemaFor([...snapshot, ...before, ...after], { key }).chain((file) =>
      fc
        .tuple(fc.subarray(declarable(file)), fc.constantFrom(undefined, "bucket(2)", ...cuts(file, key)))
        .map(([later, partitionBy]) => ({
          snapshot: distinct(key, snapshot),
          before: withKeysOf(key, snapshot, before),
          after: withKeysOf(key, before, after),
          file: partitionBy === undefined ? file : { ...file, partitionBy },
          later,
        })),
    ),
  );
});

/** Gives every other item the key of an earlier item, making it a change of that one. */
function withKeysOf(key: KeySchema, earlier: readonly Item[], items: readonly Item[]): readonly Item[] {
  return items.map((item, i) => {
    const changed = earlier[i];
    if (i % 2 === 1 || changed === undefined) return item;
    const keys = keyAttributes(key).map((name) => [name, changed[name]] as const);
    return { ...item, ...Object.fromEntries(keys) } as Item;
  });
}

function distinct(key: KeySchema, items: readonly Item[]): readonly Item[] {
  return [...new Map(items.map((item) => [hashOf(key, item), item])).values()];
}

/** Partitioning only by key columns, which never change. */
function cuts(file: SchemaFile, key: KeySchema): readonly string[] {
  const { columns } = parseSchema(file, "a schema");
  const own = columns.filter(
    ({ attribute, type }) => keyAttributes(key).includes(attribute) && type.kind === "string",
  );
  return own.map(({ name }) => `identity(${name})`);
}

/** Attributes whose columns SQL can derive from `_unmapped`. */
function declarable(file: SchemaFile): string[] {
  const { columns, key } = parseSchema(file, "a schema");
  return columns
    .filter(({ attribute, type }) => loops(type) <= 6 && !keyAttributes(key).includes(attribute))
    .map(({ attribute }) => attribute);
}

function loops(type: ColumnType): number {
  if (type.kind === "struct") return Math.max(...type.fields.map((field) => loops(field.type)));
  return type.kind === "array" ? 1 + loops(type.element) : type.kind === "map" ? 1 + loops(type.value) : 0;
}

/** Excludes control characters that engines escape differently in JSON. */
function isToldBySql(item: Item): boolean {
  return !/\\u00[01][a-f]/.test(itemText(readItem(item)));
}
