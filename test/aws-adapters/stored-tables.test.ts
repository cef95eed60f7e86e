import type { TableInput } from "@aws-sdk/client-glue";
import { describe, expect, test } from "@jest/globals";
import { ensureStoredTables } from "../../src/aws/ensure-stored-tables.ts";
import { storedTables } from "../../src/aws/stored-tables.ts";
import { changeWireColumns, itemWireColumns } from "../../src/core/row/wire-line.ts";
import { parseSchema } from "../../src/core/schema/schema.ts";
import { athena } from "../../src/core/sql/athena.ts";
import { segmentColumns } from "../../src/core/sql/typed-columns.ts";
import { MemoryCatalog } from "../crash-points/memory-catalog.ts";
import { VirtualTiming } from "../source/virtual-timing.ts";

const ATTRIBUTES = {
  id: { type: "string" },
  Amount: { type: "decimal(12,2)" },
  at: { type: "timestamp", format: "epoch_seconds" },
  lines: { type: "array<struct<Sku:string,n:int>>" },
  any: { type: "json" },
  raw: { type: "binary" },
  ok: { type: "boolean" },
  Mail: { mask: "sha256" },
  gone: { mask: "drop" },
} as const;

const schemaOf = (attributes: object) =>
  parseSchema({ table: "order_lines", key: { hash: "id" }, attributes }, "a test");
const SCHEMA = schemaOf(ATTRIBUTES);

function tableInput(kind: string) {
  const input = storedTables("lake", SCHEMA).find(
    ({ Name }) => Name === `order_lines__${kind}`,
  ) as TableInput;
  const columns = (input.StorageDescriptor?.Columns ?? []).map(({ Name, Type }) => [Name, Type] as const);
  return { ...input, columns, location: input.StorageDescriptor?.Location };
}

describe("the definition", () => {
  test("of the change log has the wire's columns and derives its partitions", () => {
    const { Parameters, PartitionKeys, StorageDescriptor, columns, location } = tableInput("changes");
    expect(columns).toEqual(changeWireColumns(SCHEMA).map(({ name, type }) => [name, type]));
    expect(PartitionKeys).toEqual([
      { Name: "dt", Type: "string" },
      { Name: "hr", Type: "string" },
    ]);
    expect(location).toBe("s3://lake/order_lines/changes/");
    expect(Parameters).toMatchObject({
      "storage.location.template": `${location}dt=\${dt}/hr=\${hr}/`,
      "projection.enabled": "true",
      "projection.dt.type": "date",
      // Starts on a fixed day, so that all history stays readable.
      "projection.dt.range": "2024-01-01,NOW+1DAYS",
      "projection.hr.type": "integer",
      "projection.hr.range": "0,23",
      "projection.hr.digits": "2",
    });
    expect(StorageDescriptor?.SerdeInfo?.SerializationLibrary).toContain("ParquetHiveSerDe");
  });

  test("of segments has the view's columns with Glue's types, and partitions that are registered", () => {
    const { Parameters = {}, PartitionKeys, columns, location } = tableInput("segments");
    expect(columns.map(([name]) => name)).toEqual(segmentColumns(athena, SCHEMA).map(({ name }) => name));
    expect(Object.fromEntries(columns)).toEqual({
      id: "string",
      amount: "decimal(12,2)",
      at: "timestamp",
      lines: "array<struct<sku:string,n:int>>",
      any: "string",
      raw: "binary",
      ok: "boolean",
      mail: "string",
      _op: "string",
      _version: "string",
      _changed_at: "timestamp",
      _expired: "boolean",
      _unmapped: "string",
      _key: "binary",
    });
    expect(PartitionKeys).toEqual([{ Name: "_segment", Type: "string" }]);
    expect(location).toBe("s3://lake/order_lines/segments/");
    expect(Object.keys(Parameters).filter((name) => name.startsWith("projection"))).toEqual([]);
  });

  test("of what a snapshot stages is JSON lines, read run by run", () => {
    const { Parameters, PartitionKeys, StorageDescriptor, columns } = tableInput("staging");
    expect(columns).toEqual(itemWireColumns(SCHEMA).map(({ name, type }) => [name, type]));
    expect(PartitionKeys).toEqual([{ Name: "_run", Type: "string" }]);
    expect(StorageDescriptor?.SerdeInfo?.SerializationLibrary).toBe(
      "org.apache.hive.hcatalog.data.JsonSerDe",
    );
    expect(StorageDescriptor?.InputFormat).toBe("org.apache.hadoop.mapred.TextInputFormat");
    expect(Parameters).toMatchObject({
      "projection.enabled": "true",
      "projection._run.type": "injected",
      "storage.location.template": `s3://lake/order_lines/staging/\${_run}/rows/`,
    });
  });
});

describe("tables of the catalog", () => {
  const columnsOf = (catalog: MemoryCatalog) =>
    (catalog.tables.get("order_lines__changes")?.StorageDescriptor?.Columns ?? []).map(({ Name }) => Name);

  test("are created if they are missing, and stay as they are if they are not", async () => {
    const catalog = new MemoryCatalog();
    await ensureStoredTables(catalog, "lake", SCHEMA);
    expect([...catalog.tables.keys()].sort()).toEqual([
      "order_lines__changes",
      "order_lines__segments",
      "order_lines__staging",
    ]);
    const before = new Map(catalog.tables);
    await ensureStoredTables(catalog, "lake", SCHEMA);
    expect(catalog.tables).toEqual(before);
  });

  test("get more columns at their end, and never lose one", async () => {
    const catalog = new MemoryCatalog();
    await ensureStoredTables(catalog, "lake", SCHEMA);
    const before = columnsOf(catalog);
    await ensureStoredTables(catalog, "lake", schemaOf({ Note: { type: "string" }, ...ATTRIBUTES }));
    expect(columnsOf(catalog)).toEqual([...before, "note"]);
    const { Amount: _, ...fewer } = ATTRIBUTES;
    await ensureStoredTables(catalog, "lake", schemaOf(fewer));
    expect(columnsOf(catalog)).toEqual([...before, "note"]);
  });

  test("get what is missing after another writer has changed them meanwhile", async () => {
    const catalog = new MemoryCatalog();
    await ensureStoredTables(catalog, "lake", SCHEMA);
    const { updateTable } = catalog;
    let refusals = 0;
    catalog.updateTable = (input, version) =>
      refusals++ === 0 ? Promise.resolve("changed-meanwhile") : updateTable(input, version);
    await ensureStoredTables(catalog, "lake", schemaOf({ ...ATTRIBUTES, Note: { type: "string" } }));
    expect(columnsOf(catalog)).toContain("note");
    catalog.updateTable = () => Promise.resolve("changed-meanwhile");
    await expect(
      ensureStoredTables(
        catalog,
        "lake",
        schemaOf({ ...ATTRIBUTES, More: { type: "string" } }),
        new VirtualTiming(),
      ),
    ).rejects.toMatchObject({ code: "ENGINE_FAILED" });
  });

  test("are refused where a column would change its type, or where they are of another lake", async () => {
    const catalog = new MemoryCatalog();
    await ensureStoredTables(catalog, "lake", SCHEMA);
    const other = schemaOf({ ...ATTRIBUTES, ok: { type: "int" } });
    await expect(ensureStoredTables(catalog, "lake", other)).rejects.toMatchObject({
      code: "SCHEMA_INVALID",
      message: 'column "ok" of Glue table "order_lines__changes" is boolean and cannot become int',
    });
    await expect(ensureStoredTables(catalog, "another", SCHEMA)).rejects.toMatchObject({
      code: "SCHEMA_INVALID",
      message: expect.stringContaining("is of another lake, at s3://lake/"),
    });
  });
});
