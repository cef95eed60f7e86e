import type { Table } from "@aws-sdk/client-glue";
import { expect, test } from "@jest/globals";
import { type AdoptionContext, planSchemaChange } from "../../src/aws/adopt-schema.ts";
import { requireDeliverable } from "../../src/aws/catalog-columns.ts";
import { deliverableTable } from "../../src/aws/deliverable-schema.ts";
import { columnsOfFiles } from "../../src/aws/deployed-change.ts";
import { afterSchemaChange } from "../../src/core/compaction/next-manifest.ts";
import { initialManifest } from "../../src/core/format/manifest.ts";
import { changeWireColumns } from "../../src/core/row/wire-line.ts";
import { type AttributeFile, parseSchema, type Schema } from "../../src/core/schema/schema.ts";
import { schemaMark } from "../../src/core/schema/schema-change.ts";
import { readGaps } from "../../src/core/table/recorded-gaps.ts";
import { MemoryStore } from "../support/memory-store.ts";

/** What a deployment with another schema does to a lake, and to what is sent to Firehose. */

const NOW = 1_800_000_000;
const SETTLE = 1800;

function schemaWith(attributes: Record<string, AttributeFile>): Schema {
  const all = { id: { type: "string" }, ...attributes };
  return parseSchema({ table: "t", key: { hash: "id" }, attributes: all }, "a test");
}

const FIRST = schemaWith({ total: { type: "int" } });
const WIDER = schemaWith({ note: { type: "timestamp" }, total: { type: "int" } });

/** Glue with the tables of a deployment. `without` has the schema of each table, by its suffix, from another deployment. */
function glue(schema: Schema, atSeconds: number, without: Readonly<Record<string, Schema>> = {}) {
  return {
    database: "lake",
    table: (name: string): Promise<Table | undefined> => {
      const of = without[name.replace("t__", "")] ?? schema;
      const Columns = changeWireColumns(of).map((column) => ({ Name: column.name, Type: column.type }));
      const UpdateTime = new Date(atSeconds * 1000);
      return Promise.resolve({ Name: name, UpdateTime, StorageDescriptor: { Columns } });
    },
  };
}

function lake(deployed: Schema, catalog: AdoptionContext["engine"]["catalog"]): AdoptionContext {
  let runs = 0;
  return {
    engine: { catalog },
    opened: { manifest: initialManifest(1), schema: FIRST },
    deployed,
    confirmed: async (change) => ({ change }),
    newRunId: () => `run-${runs++}`,
    nowSeconds: () => NOW,
  };
}

test("a new column is adopted when Glue has had it for long enough", async () => {
  expect(await planSchemaChange(lake(WIDER, glue(WIDER, NOW - SETTLE)), SETTLE)).toEqual({
    run: "run-0",
    fromSequence: 0,
    stages: [],
    change: { kind: "schema", schema: WIDER.file, deployed: schemaMark(WIDER.file) },
  });
});

test("until then it waits", async () => {
  expect(await planSchemaChange(lake(WIDER, glue(WIDER, NOW - SETTLE + 1)), SETTLE)).toBeUndefined();
});

test.each(["changes", "segments", "staging"])(
  "it waits as long as Glue's table of %s does not have it",
  async (suffix) => {
    const context = lake(WIDER, glue(WIDER, 0, { [suffix]: FIRST }));
    expect(await planSchemaChange(context, SETTLE)).toBeUndefined();
  },
);

test("it waits where Glue does not say since when a table has it", async () => {
  const catalog = glue(WIDER, 0);
  const table = async (name: string) => ({
    ...(await catalog.table(name)),
    Name: name,
    UpdateTime: undefined,
  });
  const untold = { ...catalog, table };
  expect(await planSchemaChange(lake(WIDER, untold), SETTLE)).toBeUndefined();
});

test("where the lake has the schema already, Glue is not asked", async () => {
  const catalog = { database: "lake", table: () => Promise.reject(new Error("nobody is to be asked")) };
  expect(await planSchemaChange(lake(FIRST, catalog), SETTLE)).toBeUndefined();
});

test.each(["string", "bigint"])(
  "a column that becomes %s is a new one in Glue, and waits for it",
  async (type) => {
    const other = schemaWith({ total: { type } });
    const table = { manifest: initialManifest(1), schema: FIRST };
    const stored = columnsOfFiles(table, other);
    const name = `total__${type}`;
    expect(stored.columns.map((column) => column.name)).toEqual(["id", "total", name]);
    expect(await planSchemaChange(lake(other, glue(other, 0)), SETTLE)).toBeUndefined();
    expect(await planSchemaChange(lake(other, glue(stored, NOW - SETTLE + 1)), SETTLE)).toBeUndefined();
    expect(await planSchemaChange(lake(other, glue(stored, NOW - SETTLE)), SETTLE)).toMatchObject({
      stages: [],
      change: {
        kind: "schema",
        schema: {
          ...other.file,
          forms: { total: { column: name, earlier: [{ column: "total", type: "int" }] } },
        },
      },
    });
  },
);

test("a column by another name is the same one in Glue, and waits for nothing", async () => {
  const other = schemaWith({ total: { type: "int", name: "sum" } });
  expect(await planSchemaChange(lake(other, glue(FIRST, NOW)), SETTLE)).toMatchObject({
    change: { schema: { ...other.file, forms: { total: { column: "total", earlier: [] } } } },
  });
});

test.each([
  ["a key of another kind", { id: { type: "bigint" } }, "it is already string"],
  [
    "fewer digits before the point",
    { price: { type: "decimal(10,4)" } },
    "what the values need is not known",
  ],
  [
    "another kind than double",
    { ratio: { type: "string" } },
    "Athena does not tell the digits of all doubles",
  ],
] as const)("%s is refused, with its place", async (_, changed, why) => {
  const numbers = { price: { type: "decimal(10,2)" }, ratio: { type: "double" } };
  const other = schemaWith({ ...numbers, ...changed });
  const context = lake(other, glue(other, 0));
  const opened = { ...context.opened, schema: schemaWith(numbers) };
  await expect(planSchemaChange({ ...context, opened }, SETTLE)).rejects.toMatchObject({
    code: "SCHEMA_INVALID",
    message: expect.stringMatching(
      `^the deployed schema cannot change the existing table "t": attributes.${Object.keys(changed).join()}.type: .*${why}$`,
    ),
    next: expect.stringContaining("another `table`"),
  });
});

test("a schema that the table had before, as a rollback deploys it, orders nothing unless it says what it goes back from", async () => {
  const was = schemaWith({ total: { type: "string" } });
  const change = { before: was.file, added: ["total__int"], schema: FIRST.file };
  const manifest = afterSchemaChange(initialManifest(1), change, { run: "r", nowSeconds: NOW });
  const opened = { manifest, schema: FIRST };
  const context = { ...lake(was, glue(was, 0)), opened };
  expect(await planSchemaChange(context, SETTLE)).toBeUndefined();
  const back = parseSchema({ ...was.file, evolution: 1 }, "a test");
  const catalog = glue(columnsOfFiles(opened, back), 0);
  expect(await planSchemaChange({ ...context, engine: { catalog }, deployed: back }, SETTLE)).toMatchObject({
    change: { kind: "schema" },
  });
});

test("more columns than views and statements can hold are refused before they are the lake's", async () => {
  const columns = (count: number): Record<string, AttributeFile> =>
    Object.fromEntries(Array.from({ length: count }, (_, i) => [`at_${i}`, { type: "timestamp" }]));
  const few = schemaWith({ total: { type: "int" }, ...columns(20) });
  expect(await planSchemaChange(lake(few, glue(few, 0)), SETTLE)).toBeDefined();
  const many = schemaWith({ total: { type: "int" }, ...columns(50) });
  await expect(planSchemaChange(lake(many, glue(many, 0)), SETTLE)).rejects.toMatchObject({
    code: "SCHEMA_INVALID",
    message: "the columns added to the schema do not fit into a statement (columns added: 50)",
  });
});

test("where Firehose lacks a column, nothing is sent, and what may be lost meanwhile is written down once", async () => {
  const store = new MemoryStore();
  store.plant("t/schema.json", JSON.stringify(WIDER.file));
  let nowSeconds = NOW;
  const context = (catalog: AdoptionContext["engine"]["catalog"]) => ({
    store,
    engine: { catalog },
    deployed: FIRST,
    settleSeconds: SETTLE,
    nowSeconds: () => nowSeconds,
  });
  for (nowSeconds of [NOW, NOW + 60])
    await expect(deliverableTable(context(glue(FIRST, 0)))).rejects.toMatchObject({
      code: "SCHEMA_INVALID",
    });
  expect(await readGaps(store, "t")).toMatchObject([
    { reason: "columns-missing", foundAtSeconds: NOW, lostUntilSeconds: NOW + 60 + SETTLE },
  ]);
  expect((await deliverableTable(context(glue(WIDER, 0)))).schema.file).toEqual(WIDER.file);
});

test("rows go to Firehose if its table has more columns than they do, in any order", async () => {
  await expect(requireDeliverable(glue(WIDER, 0), FIRST)).resolves.toBeUndefined();
});

test.each([
  ["a column that is gone", schemaWith({})],
  ["a column of another type", schemaWith({ total: { type: "string" } })],
])("rows do not go to Firehose where it would drop %s", async (_, deployed) => {
  await expect(requireDeliverable(glue(deployed, 0), FIRST)).rejects.toMatchObject({
    code: "SCHEMA_INVALID",
    message: 'the Glue table "t__changes" lacks columns that the lake has: "total" as int',
  });
});

test("rows do not go to Firehose where there is no table", async () => {
  const catalog = { database: "lake", table: () => Promise.resolve(undefined) };
  await expect(requireDeliverable(catalog, FIRST)).rejects.toMatchObject({ code: "SCHEMA_INVALID" });
});
