/** The constructs in an app outside this repository. */
import { beforeAll, describe, expect, test } from "@jest/globals";
import { Aws, Duration, Stack } from "aws-cdk-lib";
import { Annotations, Match } from "aws-cdk-lib/assertions";
import { AttributeType, StreamViewType, Table, TableV2 } from "aws-cdk-lib/aws-dynamodb";
import { DynamoDbLake, ExportStack, Lake } from "../../../infra/index.ts";
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

  test("share the lake and nothing else", () => {
    const count = (type: string): number => resourcesOf(template, type).size;
    expect(count("AWS::S3::Bucket")).toBe(1);
    expect(count("AWS::Athena::WorkGroup")).toBe(1);
    expect(count("AWS::Lambda::Function")).toBe(16);
    expect(count("AWS::StepFunctions::StateMachine")).toBe(4);
    expect(count("AWS::KinesisFirehose::DeliveryStream")).toBe(2);
    const tables = [...resourcesOf(template, "AWS::Glue::Table").values()].map(
      ({ Properties }) => Properties.TableInput.Name,
    );
    expect(tables.sort()).toEqual([
      "customers__changes",
      "customers__segments",
      "customers__staging",
      "order_lines__changes",
      "order_lines__segments",
      "order_lines__staging",
    ]);
  });

  test("do not reach each other's objects", () => {
    const orders = grantsOf(template).filter(({ role }) => role.startsWith("OrderLines"));
    expect(orders.length).toBeGreaterThan(50);
    expect(
      orders.filter(({ conditions, resource }) => `${resource}${conditions}`.includes("customers")),
    ).toEqual([]);
  });

  test("tell where they are by outputs that are called after them", () => {
    const outputs = Object.fromEntries(
      Object.entries(template.Outputs).map(([name, { Value }]) => [name, flat(Value)]),
    );
    expect(outputs).toEqual({
      OrderLinesLakeTable: "order_lines",
      OrderLinesBucket: "<LakeBucket>",
      OrderLinesDatabase: "shop",
      OrderLinesWorkGroup: "shop",
      OrderLinesDeliveryStream: "<OrderLinesDeliveryChangeStream>",
      OrderLinesSnapshotMachine: "<OrderLinesSnapshotMachine>",
      OrderLinesCompactionMachine: "<OrderLinesCompactionMachine>",
      OrderLinesSourceTableArn: "<Orders.Arn>",
      OrderLinesEventSourceMapping: "<OrderLinesDeliveryMapping>",
      OrderLinesStreamFunction: "<OrderLinesDeliveryFunction>",
      OrderLinesRetentionHours: "168",
      OrderLinesBufferSeconds: "65",
      CustomersLakeTable: "customers",
      CustomersBucket: "<LakeBucket>",
      CustomersDatabase: "shop",
      CustomersWorkGroup: "shop",
      CustomersDeliveryStream: "<CustomerDeliveryChangeStream>",
      CustomersSnapshotMachine: "<CustomerSnapshotMachine>",
      CustomersCompactionMachine: "<CustomerCompactionMachine>",
      CustomersSourceTableArn: "<Customers.Arn>",
      CustomersEventSourceMapping: "<CustomerDeliveryMapping>",
      CustomersStreamFunction: "<CustomerDeliveryFunction>",
      CustomersRetentionHours: "168",
      CustomersBufferSeconds: "65",
    });
  });
});

test("one source table feeds two lake tables, and a third one is warned of", () => {
  const stack = new Stack(testApp(), "Shop");
  const lake = new Lake(stack, "Lake");
  const table = usableTable(stack, "Table");
  const add = (name: string) => new DynamoDbLake(stack, name, { lake, table, schemaFile: schemaNamed(name) });
  add("a");
  add("b");
  const warnings = Annotations.fromStack(stack);
  warnings.hasNoWarning("*", Match.stringLikeRegexp("throttles the readers"));
  const mappings = [...resourcesOf(templateOf(stack), "AWS::Lambda::EventSourceMapping").values()];
  expect(mappings.map(({ Properties }) => flat(Properties.EventSourceArn))).toEqual([
    "<Table.StreamArn>",
    "<Table.StreamArn>",
  ]);
  const other = new Stack(testApp(), "Shop");
  const crowded = usableTable(other, "Table");
  const shared = new Lake(other, "Lake");
  for (const name of ["a", "b", "c"])
    new DynamoDbLake(other, name, { lake: shared, table: crowded, schemaFile: schemaNamed(name) });
  Annotations.fromStack(other).hasWarning("/Shop/c", Match.stringLikeRegexp("throttles the readers"));
});

test("a table of another stack is used where it is", () => {
  const app = testApp();
  const tables = new Stack(app, "Tables");
  const table = usableTable(tables, "Table");
  const stack = new Stack(app, "Lake");
  new DynamoDbLake(stack, "T", { lake: new Lake(stack, "Lake"), table, schemaFile: schemaNamed("t") });
  const { Properties } = resourceOf(templateOf(stack), "AWS::Lambda::EventSourceMapping");
  expect(flat(Properties.EventSourceArn)).toMatch(/^<Tables:ExportsOutputFnGetAttTable\w*StreamArn/);
});

test("a table that exists is taken by its description", () => {
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
    `${arn}/export/*`,
    `${arn}/stream/2026-11-23T00:00:00.000`,
  ]);
  const decrypts = grantsOf(template).filter(
    ({ action, resource }) => action === "kms:Decrypt" && resource.includes("key/1234"),
  );
  expect(decrypts.map(({ role }) => role)).toEqual([
    "ExportDeliveryFunctionRole",
    "ExportFunctionsBeginSnapshotRole",
  ]);
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
  const clean = resourceOf(template, "AWS::Lambda::Function", /FunctionsClean/);
  expect(clean.Properties.Environment.Variables.RETENTION_HOURS).toBe("24");
  const plan = resourceOf(template, "AWS::Lambda::Function", /PlanCompaction/);
  expect(plan.Properties.Environment.Variables.SCHEMA_SETTLE_SECONDS).toBe("3600");
});

test("a lake table's name of the greatest length fits everywhere", () => {
  const name = "a".repeat(128);
  const stack = new Stack(testApp(), "Stack");
  new DynamoDbLake(stack, "T", {
    lake: new Lake(stack, "Lake"),
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
  for (const output of Object.keys(template.Outputs)) expect(output.length).toBeLessThanOrEqual(255);
});
