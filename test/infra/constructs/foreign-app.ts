/** The constructs in an app outside this repository. */
import { beforeAll, describe, expect, test } from "@jest/globals";
import { Aws, Duration, Stack } from "aws-cdk-lib";
import { Annotations, Match } from "aws-cdk-lib/assertions";
import { AttributeType, StreamViewType, Table, TableV2 } from "aws-cdk-lib/aws-dynamodb";
import { DynamoDbLake, ExportStack, Lake } from "../../../infra/index.ts";
import { LAKE_HANDLERS, SOURCE_HANDLERS } from "../../../src/aws/contracts/handlers.ts";
import { deepTest } from "../../support/deep-test.ts";
import { grantsOf } from "../policies.ts";
import {
  flat,
  resourceOf,
  resourcesOf,
  reviewsSchema,
  schemaNamed,
  type TemplateJson,
  templateOf,
  testApp,
  usableTable,
} from "../support.ts";

describe("two tables of one stack in one lake", () => {
  let template: TemplateJson;
  beforeAll(() => {
    const stack = new Stack(testApp(), "Shop");
    const lake = new Lake(stack, "Lake", { databaseName: "shop" });
    const orders = usableTable(stack, "Orders", { tableName: "Shop.Order_Lines-prod" });
    new DynamoDbLake(stack, "OrderLines", { lake, table: orders, schemaFile: schemaNamed("order_lines") });
    const customers = new TableV2(stack, "Customers", {
      partitionKey: { name: "id", type: AttributeType.STRING },
      dynamoStream: StreamViewType.NEW_IMAGE,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
    });
    new DynamoDbLake(stack, "Customer", { lake, table: customers, schemaFile: schemaNamed("customers") });
    template = templateOf(stack);
  });

  test("share what works on tables, and have readers and delivery streams of their own", () => {
    const count = (type: string): number => resourcesOf(template, type).size;
    expect(count("AWS::S3::Bucket")).toBe(1);
    expect(count("AWS::Athena::WorkGroup")).toBe(2);
    expect(count("AWS::Lambda::Function")).toBe(LAKE_HANDLERS.length + 2 * SOURCE_HANDLERS.length);
    expect(count("AWS::StepFunctions::StateMachine")).toBe(2);
    expect(count("AWS::KinesisFirehose::DeliveryStream")).toBe(2);
    expect(count("AWS::Scheduler::Schedule")).toBe(1);
    expect(count("AWS::CloudWatch::Dashboard")).toBe(1);
  });

  test("have delivery streams that do not reach each other's objects", () => {
    const orders = grantsOf(template).filter(({ role }) => role === "OrderLinesChangeStreamRole");
    expect(orders.length).toBeGreaterThan(10);
    expect(
      orders.filter(({ conditions, resource }) => `${resource}${conditions}`.includes("customers")),
    ).toEqual([]);
  });

  test("are found by one output for those of the stack, and one for the lake", () => {
    const outputs = Object.fromEntries(
      Object.entries(template.Outputs).map(([name, { Value }]) => [name, flat(Value)]),
    );
    const registry = "s3://<LakeBucket>/_registry/";
    expect(outputs).toEqual({ DynalakeLakeShop: registry, DynalakeRegistryShop: registry });
  });
});

test("one source table feeds several lake tables, and is read once", () => {
  const stack = new Stack(testApp(), "Shop");
  const table = usableTable(stack, "Table");
  const source = new DynamoDbLake(stack, "Source", {
    lake: new Lake(stack, "Lake"),
    table,
    schemaFile: schemaNamed("a"),
    delivery: { bufferTime: Duration.minutes(2), batchSize: 50 },
  });
  expect(source.addTable({ schemaFile: schemaNamed("b"), retentionHours: 24 })).toBe("b");
  source.addTable({ schemaFile: schemaNamed("c"), delivery: { bufferTime: Duration.minutes(5) } });
  const template = templateOf(stack);
  const mapping = resourceOf(template, "AWS::Lambda::EventSourceMapping");
  expect(flat(mapping.Properties.EventSourceArn)).toBe("<Table.StreamArn>");
  const entries = [...resourcesOf(template, "Custom::DynalakeTable")];
  for (const [id] of entries) expect(mapping.DependsOn).toContain(id);
  const tables = entries.map(([, { Properties }]) => ({
    table: JSON.parse(Properties.Schema).table,
    ...JSON.parse(flat(Properties.Configuration)),
  }));
  expect(tables).toMatchObject([
    { table: "a", bufferSeconds: 125, retentionHours: 168 },
    { table: "b", bufferSeconds: 125, retentionHours: 24 },
    { table: "c", bufferSeconds: 305, retentionHours: 168 },
  ]);
  expect(new Set(tables.map(({ source: name }) => name)).size).toBe(1);
  Annotations.fromStack(stack).hasNoWarning("*", Match.stringLikeRegexp("throttles the readers"));
});

deepTest("a stream that more than two lakes read is warned of", () => {
  const stack = new Stack(testApp(), "Shop");
  const table = usableTable(stack, "Table");
  for (const name of ["a", "b", "c"])
    new DynamoDbLake(stack, name, {
      lake: new Lake(stack, `Lake${name}`, { databaseName: name }),
      table,
      schemaFile: schemaNamed(name),
    });
  Annotations.fromStack(stack).hasWarning("/Shop/c", Match.stringLikeRegexp("throttles the readers"));
});

deepTest("a table of another stack is used where it is", () => {
  const app = testApp();
  const tables = new Stack(app, "Tables");
  const table = usableTable(tables, "Table");
  const stack = new Stack(app, "Lake");
  new DynamoDbLake(stack, "T", { lake: new Lake(stack, "Lake"), table, schemaFile: schemaNamed("t") });
  const { Properties } = resourceOf(templateOf(stack), "AWS::Lambda::EventSourceMapping");
  expect(flat(Properties.EventSourceArn)).toMatch(/^<Tables:ExportsOutputFnGetAttTable\w*StreamArn/);
});

deepTest("a table that exists is taken by its description", () => {
  const app = testApp();
  const lakeStack = new Stack(app, "Lake");
  const lake = new Lake(lakeStack, "Lake");
  const arn = "arn:aws:dynamodb:eu-west-1:123456789012:table/Reviews";
  const stack = new ExportStack(app, "Export", {
    lake,
    table: {
      tableName: "Reviews",
      tableArn: arn,
      streamArn: `${arn}/stream/2026-11-23T00:00:00.000`,
      key: { hash: "User", range: "Book" },
      encryptionKeyArn: "arn:aws:kms:eu-west-1:123456789012:key/1234",
    },
    schemaFile: reviewsSchema,
  });
  const template = templateOf(stack);
  expect(resourcesOf(template, "AWS::DynamoDB::Table").size).toBe(0);
  expect(resourceOf(template, "AWS::Lambda::EventSourceMapping").Properties.EventSourceArn).toBe(
    `${arn}/stream/2026-11-23T00:00:00.000`,
  );
  const onTable = grantsOf(template).filter(({ resource }) => resource.startsWith("arn:aws:dynamodb"));
  expect([...new Set(onTable.map(({ resource }) => resource))].sort()).toEqual([
    arn,
    `${arn}/stream/2026-11-23T00:00:00.000`,
  ]);
  const decrypts = grantsOf(template).filter(
    ({ action, resource }) => action === "kms:Decrypt" && resource.includes("key/1234"),
  );
  expect(decrypts.map(({ role }) => role)).toEqual(["ExportSourceStreamRole", "ExportSourceSourceRole"]);
});

test("an imported table is taken on trust, and all options together make a template", () => {
  const stack = new Stack(testApp(), "Stack", { env: { region: "eu-west-1", account: "123456789012" } });
  const arn = `arn:${Aws.PARTITION}:dynamodb:eu-west-1:123456789012:table/Imported.Table-1`;
  new DynamoDbLake(stack, "T", {
    lake: new Lake(stack, "Lake", { undeleteDays: 0, scanGibibytesMax: 1, email: "a@example.com" }),
    table: Table.fromTableAttributes(stack, "Table", { tableArn: arn, tableStreamArn: `${arn}/stream/1` }),
    schemaFile: schemaNamed("t"),
    compactEvery: "never",
    snapshotEvery: Duration.days(7),
    firstSnapshotEvery: Duration.hours(6),
    retentionHours: 24,
    schemaSettleTime: Duration.hours(1),
  });
  const template = templateOf(stack);
  const { Configuration } = resourceOf(template, "Custom::DynalakeTable").Properties;
  expect(JSON.parse(flat(Configuration))).toMatchObject({ retentionHours: 24, schemaSettleSeconds: 3600 });
});

deepTest("names of the greatest length fit everywhere", () => {
  const name = "a".repeat(128);
  const stack = new Stack(testApp(), "Stack");
  new DynamoDbLake(stack, "T".repeat(100), {
    lake: new Lake(stack, "Lake", { databaseName: "d".repeat(128) }),
    table: usableTable(stack, "Table"),
    schemaFile: schemaNamed(name),
  });
  const template = templateOf(stack);
  for (const machine of resourcesOf(template, "AWS::StepFunctions::StateMachine").values()) {
    expect(machine.Properties.StateMachineName.length).toBeLessThanOrEqual(80);
    const subjects = flat(machine.Properties.DefinitionString).match(/"Subject":"[^"]*"/g) ?? [];
    expect(subjects).toHaveLength(2);
    for (const subject of subjects) expect(subject.length - '"Subject":""'.length).toBeLessThanOrEqual(100);
  }
  const functions = [...resourcesOf(template, "AWS::Lambda::Function").values()];
  const named = functions.flatMap(({ Properties }) => Properties.FunctionName ?? []);
  expect(named).toHaveLength(SOURCE_HANDLERS.length);
  const { DeliveryStreamName } = resourceOf(template, "AWS::KinesisFirehose::DeliveryStream").Properties;
  for (const one of [...named, DeliveryStreamName]) expect(one).toMatch(/^[A-Za-z0-9-]{1,64}$/);
  for (const output of Object.keys(template.Outputs)) expect(output.length).toBeLessThanOrEqual(255);
});

deepTest("two tables of one source whose names begin alike have streams of different names", () => {
  const stack = new Stack(testApp(), "Stack");
  const source = new DynamoDbLake(stack, "T", {
    lake: new Lake(stack, "Lake"),
    table: usableTable(stack, "Table"),
    schemaFile: schemaNamed(`${"a".repeat(60)}_1`),
  });
  source.addTable({ schemaFile: schemaNamed(`${"a".repeat(60)}_2`) });
  const streams = [...resourcesOf(templateOf(stack), "AWS::KinesisFirehose::DeliveryStream").values()];
  expect(new Set(streams.map(({ Properties }) => Properties.DeliveryStreamName)).size).toBe(2);
});
