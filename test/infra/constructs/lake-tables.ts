/** The tables of the Glue Data Catalog: a custom resource of the lake makes them. */
import { expect, test } from "@jest/globals";
import { Stack } from "aws-cdk-lib";
import { DynamoDbLake } from "../../../infra/dynamo-db-lake.ts";
import { Lake } from "../../../infra/lake.ts";
import { pascal } from "../../../infra/names.ts";
import { deepTest } from "../../support/deep-test.ts";
import { example } from "../example.ts";
import { resourceOf, resourcesOf, schemaFile, testApp, usableTable } from "../support.ts";

test("the schema is given as it is, and the stack makes no table of the catalog itself", () => {
  const { Properties } = resourceOf(example().reviews, "Custom::DynalakeGlueTables");
  expect(JSON.parse(Properties.Schema)).toMatchObject({ table: "reviews", key: { hash: "User" } });
  for (const template of Object.values(example()))
    expect(resourcesOf(template, "AWS::Glue::Table").size).toBe(0);
});

deepTest("a schema that is too long for CloudFormation is refused when the app is synthesized", () => {
  const attributes = Object.fromEntries(
    Array.from({ length: 3_000 }, (_, i) => [`attribute_${i}`, { type: "string" }] as const),
  );
  const stack = new Stack(testApp(), "Stack");
  const long = schemaFile({
    table: "t",
    key: { hash: "id" },
    attributes: { id: { type: "string" }, ...attributes },
  });
  const add = () =>
    new DynamoDbLake(stack, "T", {
      lake: new Lake(stack, "Lake"),
      table: usableTable(stack, "Table"),
      schemaFile: long,
    });
  expect(add).toThrow(expect.objectContaining({ code: "USAGE", message: expect.stringContaining('"t"') }));
});

test.each([
  ["reviews", "Reviews"],
  ["order_lines", "OrderLines"],
  ["a1_b", "A1B"],
  ["begin-run", "BeginRun"],
])("names made of %s begin with %s", (name, prefix) => {
  expect(pascal(name)).toBe(prefix);
});
