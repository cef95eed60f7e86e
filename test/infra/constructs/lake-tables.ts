import { expect, test } from "@jest/globals";
import { Stack } from "aws-cdk-lib";
import { Lake } from "../../../infra/lake.ts";
import { LakeTables, pascal } from "../../../infra/lake-tables.ts";
import { deployedSchemaFile } from "../../../infra/schema-file.ts";
import { changeWireColumns, itemWireColumns } from "../../../src/core/row/wire-line.ts";
import type { Schema } from "../../../src/core/schema/schema.ts";
import { athena } from "../../../src/core/sql/athena.ts";
import { segmentColumns } from "../../../src/core/sql/typed-columns.ts";
import { flat, once, resourceOf, schemaNamed, type TemplateJson, templateOf, testApp } from "../support.ts";

interface Made {
  readonly schema: Schema;
  readonly template: TemplateJson;
}

const made = once((): Made => {
  const file = schemaNamed("order_lines", {
    attributes: {
      id: { type: "string" },
      Amount: { type: "decimal(12,2)" },
      at: { type: "timestamp", format: "epoch_seconds" },
      lines: { type: "array<struct<Sku:string,n:int>>" },
      any: { type: "json" },
      raw: { type: "binary" },
      ok: { type: "boolean" },
      Mail: { mask: "sha256" },
      gone: { mask: "drop" },
    },
  });
  const stack = new Stack(testApp(), "Stack");
  const schema = deployedSchemaFile(file);
  new LakeTables(stack, "Tables", { lake: new Lake(stack, "Lake"), schema });
  return { schema, template: templateOf(stack) };
});

function tableInput(kind: string) {
  const input = resourceOf(made().template, "AWS::Glue::Table", new RegExp(kind)).Properties.TableInput;
  const columns = input.StorageDescriptor.Columns.map((column: { Name: string; Type: string }) => [
    column.Name,
    column.Type,
  ]);
  return { ...input, columns, location: flat(input.StorageDescriptor.Location) };
}

test("the change log has the wire's columns and derives its partitions", () => {
  const { Name, Parameters, PartitionKeys, StorageDescriptor, columns, location } = tableInput("Changes");
  expect(Name).toBe("order_lines__changes");
  expect(columns).toEqual(changeWireColumns(made().schema).map(({ name, type }) => [name, type]));
  expect(PartitionKeys).toEqual([
    { Name: "dt", Type: "string" },
    { Name: "hr", Type: "string" },
  ]);
  expect(location).toBe("s3://<LakeBucket>/order_lines/changes/");
  expect(flat(Parameters["storage.location.template"])).toBe(`${location}dt=\${dt}/hr=\${hr}/`);
  expect(Parameters).toMatchObject({
    "projection.enabled": "true",
    "projection.dt.type": "date",
    // Starts on a fixed day, so that all history stays readable.
    "projection.dt.range": "2024-01-01,NOW+1DAYS",
    "projection.hr.type": "integer",
    "projection.hr.range": "0,23",
    "projection.hr.digits": "2",
  });
  expect(StorageDescriptor.SerdeInfo.SerializationLibrary).toContain("ParquetHiveSerDe");
});

test("segments have the view's columns with Glue's types, and partitions that are registered", () => {
  const { Name, Parameters, PartitionKeys, columns, location } = tableInput("Segments");
  expect(Name).toBe("order_lines__segments");
  expect(columns.map(([name]: [string]) => name)).toEqual(
    segmentColumns(athena, made().schema).map(({ name }) => name),
  );
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
  expect(location).toBe("s3://<LakeBucket>/order_lines/segments/");
  expect(Object.keys(Parameters).filter((name) => name.startsWith("projection"))).toEqual([]);
});

test("what a snapshot stages is JSON lines, read run by run", () => {
  const { Name, Parameters, PartitionKeys, StorageDescriptor, columns } = tableInput("Staging");
  expect(Name).toBe("order_lines__staging");
  expect(columns).toEqual(itemWireColumns(made().schema).map(({ name, type }) => [name, type]));
  expect(PartitionKeys).toEqual([{ Name: "_run", Type: "string" }]);
  expect(StorageDescriptor.SerdeInfo.SerializationLibrary).toBe("org.apache.hive.hcatalog.data.JsonSerDe");
  expect(StorageDescriptor.InputFormat).toBe("org.apache.hadoop.mapred.TextInputFormat");
  expect(Parameters).toMatchObject({ "projection.enabled": "true", "projection._run.type": "injected" });
  expect(flat(Parameters["storage.location.template"])).toBe(
    `s3://<LakeBucket>/order_lines/staging/\${_run}/rows/`,
  );
});

test("the views are not the stack's: the functions make them", () => {
  const names = ["Changes", "Segments", "Staging"].map((kind) => tableInput(kind).Name);
  expect(names.every((name) => name.includes("__"))).toBe(true);
});

test.each([
  ["reviews", "Reviews"],
  ["order_lines", "OrderLines"],
  ["a1_b", "A1B"],
])("outputs of %s begin with %s", (table, prefix) => {
  expect(pascal(table)).toBe(prefix);
});
