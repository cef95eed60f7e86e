import { expect, test } from "@jest/globals";
import { compactMajor, compactMinor } from "../../src/core/compaction/compact.ts";
import { inferredSchema } from "../../src/core/infer/infer.ts";
import { inferenceOf, observe } from "../../src/core/infer/inference.ts";
import { parseColumnType } from "../../src/core/schema/column-type.ts";
import { type AttributeFile, parseSchema, type SchemaFile } from "../../src/core/schema/schema.ts";
import { type AttributeValue, type Item, itemText, readItem } from "../../src/core/values/attribute-value.ts";
import { type KeySchema, keyHash, keyOf } from "../../src/core/values/key.ts";
import { openLakeFolder } from "../../src/embedded/folder/lake-folder.ts";
import { keyedItem, keySchema } from "../arbitraries/item.ts";
import { schemaFor, typeText } from "../arbitraries/schema.ts";
import { deepTest } from "../support/deep-test.ts";
import * as fc from "../support/fast-check.ts";
import { withFolder } from "../support/folders.ts";
import {
  compactionOf,
  deliverItems,
  differences,
  itemsOf,
  keepRows,
  takeSnapshot,
} from "../support/lake-rows.ts";
import { epochColumn, fittingValue, jsonValue, setColumn } from "../support/typed-value.ts";

test("every item comes back from an export and from the stream, compacted or not, by any schema", async () => {
  await fc.assert(
    fc.asyncProperty(tableOfItems, async ({ items, file }) => {
      await expectExact(items, file);
    }),
    { numRuns: 12 },
  );
}, 300_000);

deepTest(
  "columns alone give back every value of their types, at every depth and under any name",
  async () => {
    await fc.assert(
      fc.asyncProperty(typedTable, async ({ file, items }) => {
        await expectExact(items, file, "columns alone");
      }),
      { numRuns: 12 },
    );
  },
  300_000,
);

const BORDERS: readonly (readonly [
  type: string,
  spec: Partial<AttributeFile>,
  ...values: AttributeValue[],
])[] = [
  [
    "string",
    {},
    { S: "" },
    { S: "\0" },
    { S: "a\0b\u0001\u001f\u007f" },
    { S: "😀\u{10ffff}\uffff\ufffd\ufeff" },
  ],
  ["boolean", {}, { BOOL: true }, { BOOL: false }],
  ["int", {}, { N: "2147483647" }, { N: "-2147483648" }, { N: "0" }],
  ["bigint", {}, { N: "9223372036854775807" }, { N: "-9223372036854775808" }, { N: "9007199254740993" }],
  ["double", {}, { N: "0.1" }, { N: "1e21" }, { N: "-1e-130" }, { N: "9.99e125" }],
  ["double", {}, { N: String(Number.MAX_VALUE) }, { N: "5e-324" }, { N: "123456789012345680000" }],
  ["decimal(38,0)", {}, { N: "9".repeat(38) }, { N: `-${"9".repeat(38)}` }],
  ["decimal(38,38)", {}, { N: `0.${"9".repeat(38)}` }, { N: `-0.${"0".repeat(37)}1` }],
  ["decimal(38,19)", {}, { N: `${"9".repeat(19)}.${"9".repeat(19)}` }, { N: "0.0000000000000000001" }],
  ["decimal(1,0)", {}, { N: "9" }, { N: "-9" }, { N: "0" }],
  ["date", {}, { S: "0001-01-01" }, { S: "9999-12-31" }, { S: "2024-02-29" }, { S: "1582-10-10" }],
  ["timestamp", {}, { S: "0001-01-01T00:00:00.000Z" }, { S: "9999-12-31T23:59:59.999Z" }],
  ["timestamp", {}, { S: "1969-12-31T23:59:59.999Z" }, { S: "1970-01-01T00:00:00.001Z" }],
  ["timestamp", { format: "epoch_millis" }, { N: "-62135596800000" }, { N: "253402300799999" }, { N: "-1" }],
  [
    "timestamp",
    { format: "epoch_seconds" },
    { N: "-62135596800" },
    { N: "253402300799.999" },
    { N: "-0.001" },
  ],
  ["binary", {}, { B: "" }, { B: "AA==" }, { B: "XHgwMA==" }, { B: "//79/A==" }],
  [
    "array<string>",
    {},
    { L: [] },
    { L: [{ NULL: true }] },
    { L: [{ S: "" }, { NULL: true }, { S: "null" }] },
  ],
  ["array<array<int>>", {}, { L: [{ L: [] }, { NULL: true }, { L: [{ NULL: true }, { N: "1" }] }] }],
  ["map<string,string>", {}, { M: {} }, { M: { "": { S: "" }, "\0": { S: "\0" }, '"': { NULL: true } } }],
  ["map<string,int>", {}, { M: JSON.parse('{"__proto__":{"N":"1"},"null":{"N":"2"},"a.b":{"N":"3"}}') }],
  ["map<string,array<binary>>", {}, { M: { NULL: { L: [{ B: "AA==" }, { NULL: true }] }, "1": { L: [] } } }],
  ["map<string,map<string,timestamp>>", {}, { M: { a: { M: { b: { S: "0001-01-01T00:00:00.000Z" } } } } }],
  ["struct<a:string,B:int>", {}, { M: {} }, { M: { a: { S: "x" } } }, { M: { B: { N: "1" } } }],
  ["struct<__proto__:decimal(38,10)>", {}, { M: JSON.parse('{"__proto__":{"N":"0.1"}}') }],
  ["array<struct<a:binary,b:struct<c:double>>>", {}, { L: [{ M: {} }, { NULL: true }] }],
  ["array<struct<a:binary,b:struct<c:double>>>", {}, { L: [{ M: { a: { B: "" }, b: { M: {} } } }] }],
  ["struct<a:map<string,struct<d:date>>>", {}, { M: { a: { M: { x: { M: {} }, y: { NULL: true } } } } }],
  ["json", {}, { L: [] }, { M: {} }, { S: "\0" }, { M: { "\0": { L: [{ NULL: true }, { BOOL: true }] } } }],
  ["array<decimal(38,38)>", { set: true }, { NS: [`-0.${"9".repeat(38)}`, "0"] }],
  ["array<double>", { set: true }, { NS: ["-1e125", "5e-324", "1e21"] }],
  ["array<binary>", { set: true }, { BS: ["", "AA=="] }],
];

test("columns alone give back the values at the borders of their types", async () => {
  const columns = BORDERS.map(([type, spec], i): [string, AttributeFile] => [`c${i}`, { type, ...spec }]);
  const file: SchemaFile = {
    table: "t",
    key: { hash: "id" },
    attributes: { id: { type: "int" }, ...Object.fromEntries(columns) },
  };
  const most = Math.max(...BORDERS.map(([, , ...values]) => values.length));
  const items = Array.from({ length: most + 1 }, (_, row) => {
    const values = BORDERS.map(([, , ...own], i) => [`c${i}`, own[row]] as const);
    return readItem({ id: { N: String(row) }, ...Object.fromEntries(values.filter(([, value]) => value)) });
  });
  await expectExact(items, file, "columns alone");
});

deepTest(
  "columns are found by any name, those that SQL or the statements use themselves among them",
  async () => {
    // Names in SQL, in the statements, in earlier versions of them, and in JavaScript objects.
    const names = (
      "select from order rows 0 _ rowid x0 x1 k v key value base hidden shown overlay log_window staged " +
      "entry _rank _latest oldest part filename constructor __proto__ valueof"
    ).split(" ");
    const types = [
      "array<binary>",
      "map<string,binary>",
      "struct<value:binary,key:string,_key:string>",
      "bigint",
    ];
    const spec = (i: number): AttributeFile => ({ type: types[i % types.length] as string });
    const values: readonly AttributeValue[] = [
      { L: [{ B: "AA==" }] },
      { M: { value: { B: "AQ==" } } },
      { M: { value: { B: "Ag==" }, key: { S: "k" }, _key: { S: "0" } } },
      { N: "5" },
    ];
    const file: SchemaFile = {
      table: "select",
      key: { hash: "key", range: "rowid" },
      attributes: {
        ...Object.fromEntries(names.map((name, i) => [name, spec(i)])),
        key: { type: "string" },
        rowid: { type: "bigint" },
      },
    };
    const items = Array.from({ length: 3 }, (_, row) => ({
      ...Object.fromEntries(names.map((name, i) => [name, values[i % values.length] as AttributeValue])),
      key: { S: "k" },
      rowid: { N: String(row) },
    }));
    await expectExact(items, file, "columns alone");
  },
);

const tableOfItems = keySchema.chain((key) =>
  fc.array(keyedItem(key), { minLength: 1, maxLength: 12 }).chain((generated) => {
    const items = distinct(generated, key);
    const file = fc.oneof(
      { weight: 4, arbitrary: schemaFor(items, { key }) },
      { weight: 2, arbitrary: fc.constant(undefined) },
      { weight: 1, arbitrary: fc.constant<SchemaFile>({ table: "t", key, attributes: {} }) },
    );
    return file.chain((chosen) =>
      partitioned(chosen ?? inferred(items, key)).map((cut) => ({ items, file: cut })),
    );
  }),
);

/** Partitions the table into buckets or by the values of a suitable column. */
function partitioned(file: SchemaFile): fc.Arbitrary<SchemaFile> {
  const cuts = parseSchema(file, "the schema").columns.flatMap(({ name, type: { kind } }) => [
    ...(["string", "int", "bigint", "boolean", "date"].includes(kind) ? [`identity(${name})`] : []),
    ...(["date", "timestamp"].includes(kind) ? [`year(${name})`, `month(${name})`, `day(${name})`] : []),
  ]);
  const column = cuts.length === 0 ? fc.constant("bucket(2)") : fc.constantFrom(...cuts);
  return fc
    .oneof(fc.constant(undefined), fc.constant("bucket(3)"), column)
    .map((partitionBy) => (partitionBy === undefined ? file : { ...file, partitionBy }));
}

interface TypedColumn {
  readonly spec: AttributeFile;
  readonly value: fc.Arbitrary<AttributeValue>;
}

const typedColumn: fc.Arbitrary<TypedColumn> = fc.oneof(
  { weight: 8, arbitrary: typeText.map(ofType) },
  { weight: 1, arbitrary: epochColumn },
  { weight: 1, arbitrary: setColumn },
);

function ofType(type: string): TypedColumn {
  const parsed = parseColumnType(type);
  return { spec: { type }, value: parsed.kind === "json" ? jsonValue : fittingValue(parsed) };
}

/** A table of random columns with fitting values, some of them missing. */
const typedTable = fc.array(typedColumn, { minLength: 1, maxLength: 12 }).chain((columns) => {
  const item = fc.tuple(...columns.map(({ value }) => fc.option(value, { nil: undefined, freq: 4 })));
  return fc.array(item, { minLength: 1, maxLength: 8 }).map((rows) => {
    const named = columns.map(({ spec }, i): [string, AttributeFile] => [`c${i}`, spec]);
    const file: SchemaFile = {
      table: "t",
      key: { hash: "id" },
      attributes: { id: { type: "int" }, ...Object.fromEntries(named) },
    };
    return { file, items: rows.map((values, row) => itemOf(row, values)) };
  });
});

function itemOf(row: number, values: readonly (AttributeValue | undefined)[]): Item {
  const attributes = values.map((value, i) => [`c${i}`, value] as const).filter(([, value]) => value);
  return readItem({ id: { N: String(row) }, ...Object.fromEntries(attributes) });
}

function distinct(items: readonly Item[], key: KeySchema): readonly Item[] {
  const hashOf = (item: Item): string => keyHash(keyOf(key, readItem(item)) as readonly AttributeValue[]);
  return [...new Map(items.map((item) => [hashOf(item), item])).values()];
}

function inferred(items: readonly Item[], key: KeySchema): SchemaFile {
  const inference = inferenceOf(key);
  for (const item of items) observe(inference, readItem(item));
  return inferredSchema(inference, { table: "t", source: "t", key }).file;
}

/** Writes the items to two tables of one lake, as a snapshot and as changes, and compares what both return. */
async function expectExact(
  items: readonly Item[],
  file: SchemaFile,
  from: "columns alone" | "anywhere" = "anywhere",
): Promise<void> {
  const snapshotted = parseSchema({ ...file, table: `${file.table}_snapshotted` }, "the schema");
  const streamed = parseSchema({ ...file, table: `${file.table}_streamed` }, "the schema");
  const expected = items.map((item) => itemText(readItem(item))).sort();
  await withFolder(async (folder) => {
    const lake = await openLakeFolder(`${folder}/lake`);
    try {
      await takeSnapshot(lake, snapshotted, `${folder}/export`, items);
      expect(await itemsOf(lake, snapshotted)).toEqual(expected);
      await keepRows(lake, snapshotted, "by_snapshot");
      await deliverItems(lake, streamed, items);
      expect(await itemsOf(lake, streamed)).toEqual(expected);
      await keepRows(lake, streamed, "by_stream");
      expect(await differences(lake, "by_snapshot", "by_stream")).toEqual([]);
      const compaction = compactionOf(lake, streamed);
      expect(await compactMinor(compaction)).toMatchObject({ rows: items.length });
      expect(await itemsOf(lake, streamed)).toEqual(expected);
      expect(await compactMajor(compaction, "all")).toMatchObject({ rows: items.length });
      expect(await itemsOf(lake, streamed)).toEqual(expected);
      await keepRows(lake, streamed, "compacted");
      expect(await differences(lake, "by_snapshot", "compacted")).toEqual([]);
      if (from === "columns alone")
        expect(
          await lake.engine.rows("SELECT _unmapped FROM by_snapshot WHERE _unmapped IS NOT NULL"),
        ).toEqual([]);
    } finally {
      await lake.close();
    }
  });
}
