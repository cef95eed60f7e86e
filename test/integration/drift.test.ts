/** Drift is what items hold and SQL does not show: the statements count what the codecs leave out, wherever the rows lie. */
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { compactMajor, compactMinor } from "../../src/core/compaction/compact.ts";
import { changeSchema } from "../../src/core/compaction/schema-commit.ts";
import { schemaLine } from "../../src/core/infer/found-values.ts";
import { tableDrift } from "../../src/core/overlay/drift.ts";
import { type Drift, driftSentence } from "../../src/core/overlay/drift-finding.ts";
import { columnCodec } from "../../src/core/row/column.ts";
import { Inexact } from "../../src/core/row/encoding.ts";
import { type AttributeFile, type Column, parseSchema, type Schema } from "../../src/core/schema/schema.ts";
import { schemaChange } from "../../src/core/schema/schema-change.ts";
import { openTableOf } from "../../src/core/table/open-table.ts";
import { type AttributeValue, type Item, readItem } from "../../src/core/values/attribute-value.ts";
import { type LakeFolder, openLakeFolder } from "../../src/embedded/folder/lake-folder.ts";
import { newRunId } from "../../src/sdk/new-run-id.ts";
import { attributeValue } from "../arbitraries/item.ts";
import { deepTest } from "../support/deep-test.ts";
import * as fc from "../support/fast-check.ts";
import { withFolder } from "../support/folders.ts";
import { CHANGED_AT_SECONDS, compactionOf, deliverItems, takeSnapshot } from "../support/lake-rows.ts";

const SCHEMA = parseSchema(
  {
    table: "t",
    key: { hash: "id" },
    attributes: {
      id: { type: "string" },
      a: { type: "bigint" },
      b: { type: "string" },
      c: { type: "decimal(10,2)" },
      at: { type: "timestamp" },
      ms: { type: "timestamp", format: "epoch_seconds" },
      j: { type: "json" },
      list: { type: "array<bigint>" },
      set: { type: "array<decimal(5,1)>", set: true },
      map: { type: "map<string,array<string>>" },
      to: { type: "struct<City:string,geo:struct<lat:double>>" },
    },
  },
  "test",
);

const scalar = fc.oneof(
  fc.constantFrom<AttributeValue>(
    { N: "1" },
    { N: "29.99" },
    { N: "0.125" },
    { N: "1709202600250" },
    { N: "9223372036854775808" },
    { S: "x" },
    { S: '{"S":"x"}' },
    { S: "2024-02-29T10:30:00Z" },
    { S: "2024-02-29T10:30:00.000Z" },
    { BOOL: true },
    { NULL: true },
    { NS: ["1", "2.55"] },
    { SS: ["a"] },
    { L: [] },
  ),
  attributeValue,
);
const nested = fc.oneof(
  scalar,
  fc.array(scalar, { maxLength: 3 }).map((L): AttributeValue => ({ L })),
  fc
    .dictionary(fc.constantFrom("City", "geo", "zip"), scalar, { maxKeys: 3 })
    .map((M): AttributeValue => ({ M })),
);
const row = fc.record(
  {
    a: scalar,
    b: scalar,
    c: scalar,
    at: scalar,
    ms: scalar,
    j: nested,
    list: nested,
    set: scalar,
    map: nested,
    to: nested,
    new: nested,
  },
  { requiredKeys: [] },
);

deepTest(
  "the counts are those of the codecs, in the base, in deltas, in the change log, and after compactions",
  async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(row, { minLength: 1, maxLength: 8 }),
        fc.array(row, { maxLength: 4 }),
        async (base, later) => {
          const items = base.map((each, i) => itemOf(each as Item, i));
          const changed = later.map((each, i) => itemOf(each as Item, i * 2));
          await withLake(items, async (lake) => {
            await expectDrift(lake, items);
            if (changed.length === 0) return;
            await deliverItems(lake, SCHEMA, changed);
            const ids = new Set(changed.map(({ id }) => (id as { S: string }).S));
            const now = [...items.filter(({ id }) => !ids.has((id as { S: string }).S)), ...changed];
            await expectDrift(lake, now);
            await compactMinor(compactionOf(lake, SCHEMA));
            await expectDrift(lake, now);
            await compactMajor(compactionOf(lake, SCHEMA), "all");
            await expectDrift(lake, now);
          });
        },
      ),
      { numRuns: 30 },
    );
  },
  300_000,
);

test("drift is there since the oldest change that left a row so, and goes with the last of them", async () => {
  const at = (tens: number): number => CHANGED_AT_SECONDS + 10 * tens;
  const since = async (lake: LakeFolder) => {
    const found = await tableDrift(lake.engine, await openTableOf(lake.store, SCHEMA));
    return Object.fromEntries(found.map(({ attribute, sinceSeconds }) => [attribute, sinceSeconds]));
  };
  await withLake([itemOf({ a: { N: "1" } }, 0)], async (lake) => {
    const misfits: readonly Item[] = [
      { a: { S: "x" } },
      { a: { S: "y" }, new: { N: "1" }, list: { L: [{ S: "x" }] } },
      {},
    ];
    await deliverItems(lake, SCHEMA, misfits.map(itemOf));
    expect(await since(lake)).toEqual({ a: at(0), new: at(1), list: at(1) });
    await compactMinor(compactionOf(lake, SCHEMA));
    expect(await since(lake)).toEqual({ a: at(0), new: at(1), list: at(1) });
    await deliverItems(lake, SCHEMA, [itemOf({ a: { N: "1" } }, 0), itemOf({}, 2)], 200);
    expect(await since(lake)).toEqual({ a: at(1), new: at(1), list: at(1) });
    await deliverItems(lake, SCHEMA, [itemOf({ new: { S: "x" } }, 1), itemOf({}, 2)], 300);
    expect(await since(lake)).toEqual({ new: at(200) });
  });
});

test("types and digits that a column shows since it became wider are not told", async () => {
  const misfits: readonly Item[] = [
    { c: { N: "1234567890123.5" } },
    { c: { N: "0.12345" } },
    { c: { S: "x" }, list: { L: [{ N: "1" }, { S: "x" }] } },
    { c: { N: "0.1234567891" } },
  ];
  await withLake(misfits.map(itemOf), async (lake) => {
    const context = { store: lake.store, newRunId, nowSeconds: () => CHANGED_AT_SECONDS + 1000 };
    const file = { ...SCHEMA.file, attributes: { ...SCHEMA.file.attributes, c: { type: "decimal(21,5)" } } };
    const change = await changeSchema(context, parseSchema(file, "test"), "a test");
    const found = await tableDrift(lake.engine, await openTableOf(lake.store, change?.schema ?? SCHEMA));
    expect(found).toEqual([
      expect.objectContaining({ attribute: "c", hidden: 2, values: 4, wholeDigits: 0, fractionDigits: 10 }),
      expect.objectContaining({ attribute: "list", hidden: 1, types: { L: 1 } }),
    ]);
    expect(found[0]?.types).toEqual({ N: 1, S: 1 });
  });
});

describe("what people read", () => {
  const drift: Drift = {
    attribute: "price",
    column: { name: "price", type: "bigint" },
    hidden: 3000,
    values: 24_000,
    types: { N: 3000 },
    wholeDigits: 2,
    fractionDigits: 2,
  };

  test("names the attribute, the counts, the types and the column, and never a value", () => {
    expect(driftSentence(drift)).toBe(
      "price: 3,000 of 24,000 values are not in SQL, or not whole: numbers, up to 2 and 2 digits around the point in a column of type bigint; _unmapped has them",
    );
    expect(driftSentence({ ...drift, column: undefined, hidden: 1, values: 1, types: { S: 1 } })).toBe(
      "price: 1 value is not in SQL: no column (strings); _unmapped has them",
    );
  });

  test.each<[Readonly<Record<string, number>>, number, number, string]>([
    [{ N: 3 }, 4, 0, '"x": {"type":"bigint"}'],
    [{ N: 3 }, 20, 0, '"x": {"type":"decimal(38,0)"}'],
    [{ N: 3 }, 2, 2, '"x": {"type":"decimal(38,4)"}'],
    [{ N: 3 }, 30, 8, '"x": {"type":"decimal(38,8)"}'],
    [{ N: 3 }, 100, 2, '"x": {"type":"json"}'],
    [{ S: 3 }, 0, 0, '"x": {"type":"string"}'],
    [{ BOOL: 3 }, 0, 0, '"x": {"type":"boolean"}'],
    [{ B: 3 }, 0, 0, '"x": {"type":"binary"}'],
    [{ SS: 3 }, 0, 0, '"x": {"type":"array<string>","set":true}'],
    [{ S: 3, N: 1 }, 1, 0, '"x": {"type":"json"}'],
    [{ M: 3 }, 0, 0, '"x": {"type":"json"}'],
  ])("has the line to add for %j", (types, wholeDigits, fractionDigits, line) => {
    const found = { ...drift, attribute: "x", column: undefined, types, wholeDigits, fractionDigits };
    expect(schemaLine(SCHEMA, found)).toBe(line);
    expect(() =>
      parseSchema({ table: "t", key: { hash: "x" }, attributes: JSON.parse(`{${line}}`) }, "test"),
    ).not.toThrow();
  });

  test.each<[AttributeFile, Readonly<Record<string, number>>, number, number, string | undefined]>([
    [{ type: "int" }, { N: 3 }, 12, 0, '"x": {"type":"bigint"}'],
    [{ type: "bigint", name: "cost" }, { N: 3 }, 2, 2, '"x": {"name":"cost","type":"decimal(23,4)"}'],
    [{ type: "bigint" }, { N: 3, S: 1 }, 2, 2, '"x": {"type":"decimal(23,4)"}'],
    [{ type: "decimal(10,2)" }, { N: 3 }, 2, 2, undefined],
    [{ type: "bigint" }, { N: 3 }, 100, 2, undefined],
    [{ type: "bigint" }, { S: 3 }, 0, 0, undefined],
    [{ type: "bigint" }, { S: 90 }, 0, 0, '"x": {"type":"string"}'],
    [{ type: "timestamp", format: "epoch_seconds" }, { S: 90 }, 0, 0, '"x": {"type":"string"}'],
    [{ type: "string" }, { L: 90 }, 0, 0, '"x": {"type":"json"}'],
    [{ type: "bigint" }, { S: 60, L: 30 }, 0, 0, '"x": {"type":"json"}'],
    [{ type: "array<int>", set: true }, { S: 90 }, 0, 0, undefined],
  ])("has the line by which %j can show %j", (declared, types, wholeDigits, fractionDigits, line) => {
    const hidden = Object.values(types).reduce((sum, count) => sum + count, 0);
    const column = { name: "x", type: String(declared.type) };
    const found = { attribute: "x", column, hidden, values: 100, types, wholeDigits, fractionDigits };
    expect(schemaLine(withX(declared), found)).toBe(line);
  });

  test("has the next line for a column that has become wider before", () => {
    const change = schemaChange(withX({ type: "int" }), withX({ type: "bigint" }));
    const column = { name: "x", type: "bigint" };
    const found = { ...drift, attribute: "x", column };
    expect(change.kind === "compatible" && schemaLine(change.schema, found)).toBe(
      '"x": {"type":"decimal(23,4)"}',
    );
  });

  test("has no line for what a table cannot change: its key and what divides it", () => {
    const found = { ...drift, attribute: "id", hidden: 100, values: 100, types: { S: 100 } };
    const schema = parseSchema(
      { table: "t", key: { hash: "id" }, attributes: { id: { type: "bigint" } } },
      "test",
    );
    expect(schemaLine(schema, found)).toBeUndefined();
  });
});

function withX(declared: AttributeFile): Schema {
  return parseSchema({ table: "t", key: { hash: "id" }, attributes: { x: declared } }, "test");
}

function itemOf(attributes: Item, i: number): Item {
  return readItem({ ...attributes, id: { S: String(i) } });
}

async function withLake(items: readonly Item[], use: (lake: LakeFolder) => Promise<void>): Promise<void> {
  await withFolder(async (folder) => {
    const lake = await openLakeFolder(join(folder, "lake"), { threads: 1, memoryMegabytes: 500 });
    try {
      await takeSnapshot(lake, SCHEMA, join(folder, "export"), items);
      await use(lake);
    } finally {
      await lake.close();
    }
  });
}

async function expectDrift(lake: LakeFolder, items: readonly Item[]): Promise<void> {
  const found = await tableDrift(lake.engine, await openTableOf(lake.store, SCHEMA));
  expect(Object.fromEntries(found.map(({ attribute, types }) => [attribute, types]))).toEqual(
    hiddenIn(SCHEMA, items),
  );
  for (const { hidden, values, types } of found) {
    expect(hidden).toBe(Object.values(types).reduce((sum, count) => sum + count));
    expect(values).toBeGreaterThanOrEqual(hidden);
  }
}

type CountsByType = Readonly<Record<string, number>>;

/** In how many items something of each attribute is not in its column, by the types of the values and by the codecs. */
function hiddenIn({ columns }: Schema, items: readonly Item[]): Readonly<Record<string, CountsByType>> {
  const counts: Record<string, CountsByType> = {};
  for (const item of items) {
    for (const [attribute, value] of Object.entries(item)) {
      const column = columns.find((each) => each.attribute === attribute);
      const hides = column === undefined ? !("NULL" in value) : hidesSome(column, value);
      const [type] = Object.keys(value) as [string];
      if (hides) counts[attribute] = { ...counts[attribute], [type]: (counts[attribute]?.[type] ?? 0) + 1 };
    }
  }
  return counts;
}

function hidesSome(column: Column, value: AttributeValue): boolean {
  if ("NULL" in value) return false;
  const encoded = columnCodec(column, undefined).encode(value);
  if (!(encoded instanceof Inexact)) return false;
  if (encoded.value === null) return true;
  if (!["array", "map", "struct"].includes(column.type.kind)) return false;
  const members = Object.entries(value).flatMap(([type, held]) => (/^[SNB]S$/.test(type) ? held : [])).length;
  return leavesOf(value) + members > shownLeaves(JSON.parse(String(encoded.value)));
}

/** Strings, numbers, binary values and booleans at any depth; members of sets do not count. */
function leavesOf(value: AttributeValue): number {
  const parts = "L" in value ? value.L : "M" in value ? Object.values(value.M) : [];
  const own = "S" in value || "N" in value || "B" in value || "BOOL" in value ? 1 : 0;
  return parts.reduce((sum, part) => sum + leavesOf(part), own);
}

function shownLeaves(json: unknown): number {
  if (json === null) return 0;
  if (typeof json !== "object") return 1;
  return Object.values(json as object).reduce((sum: number, part) => sum + shownLeaves(part), 0);
}
