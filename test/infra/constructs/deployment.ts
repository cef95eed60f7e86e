/** The stacks that `npx cdk deploy` creates from its context, with DynamoDB played by the test. */
import type { DescribeTableOutput, TableDescription } from "@aws-sdk/client-dynamodb";
import { describe, expect, test } from "@jest/globals";
import type { App, Stack } from "aws-cdk-lib";
import { addStacks } from "../../../infra/deployment.ts";
import type { TableApi } from "../../../infra/describe-table.ts";
import type { CommittedTable } from "../../../src/aws/deployed-change.ts";
import { afterSchemaChange } from "../../../src/core/compaction/next-manifest.ts";
import { DynalakeError } from "../../../src/core/error.ts";
import { initialManifest, type Manifest } from "../../../src/core/format/manifest.ts";
import { parseSchema, type Schema } from "../../../src/core/schema/schema.ts";
import { deepTest } from "../../support/deep-test.ts";
import {
  flat,
  resourceOf,
  resourcesOf,
  root,
  schemaNamed,
  type TemplateJson,
  templateOf,
  testApp,
} from "../support.ts";

const arn = "arn:aws:dynamodb:eu-west-1:123456789012:table/Shop.Orders-1";

const orders: TableDescription = {
  TableName: "Shop.Orders-1",
  TableArn: arn,
  TableStatus: "ACTIVE",
  KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
  AttributeDefinitions: [{ AttributeName: "id", AttributeType: "S" }],
  StreamSpecification: { StreamEnabled: true, StreamViewType: "NEW_AND_OLD_IMAGES" },
  LatestStreamArn: `${arn}/stream/2026-11-23T00:00:00.000`,
};

interface Played {
  readonly table?: TableDescription;
  readonly recovery?: "ENABLED" | "DISABLED";
  readonly fails?: Error;
  /** The schema of the lake in the stack DynalakeOrderLines. */
  readonly lake?: Schema | Error;
  /** Its newest commit. Default: none. */
  readonly manifest?: Manifest;
}

/** DynamoDB with one table. */
function dynamoDb({ fails, recovery = "ENABLED", table = orders }: Played): TableApi {
  return {
    place: { region: "eu-west-1" },
    describeTable: ({ TableName }): Promise<DescribeTableOutput> => {
      if (fails) return Promise.reject(fails);
      if (TableName === table.TableName) return Promise.resolve({ Table: table });
      return Promise.reject(
        Object.assign(new Error("not found"), { name: "ResourceNotFoundException", $fault: "client" }),
      );
    },
    describeBackups: () =>
      Promise.resolve({
        ContinuousBackupsDescription: {
          ContinuousBackupsStatus: "ENABLED",
          PointInTimeRecoveryDescription: { PointInTimeRecoveryStatus: recovery },
        },
      }),
    close: () => undefined,
  };
}

async function deploy(context: Readonly<Record<string, unknown>>, played?: Played): Promise<App> {
  const app = testApp(context);
  const connect = (): TableApi => {
    if (played === undefined) throw new Error("no service may be called");
    return dynamoDb(played);
  };
  const lakeTables = async (stackName: string): Promise<CommittedTable | undefined> => {
    const { lake, manifest = initialManifest(1) } = played ?? {};
    if (lake instanceof Error) throw lake;
    return stackName === "DynalakeOrderLines" && lake ? { schema: lake, manifest } : undefined;
  };
  await addStacks(app, { env: {}, connect, lakeTables, root });
  return app;
}

const stacks = (app: App): readonly string[] =>
  app.node.children.map(({ node }) => node.id).filter((id) => id.startsWith("D") || id === "Mine");
const templateNamed = (app: App, id: string): TemplateJson => templateOf(app.node.findChild(id) as Stack);

test("without any context there are the lake and the example, and nobody is asked", async () => {
  const app = await deploy({});
  expect(stacks(app)).toEqual(["DynalakeLake", "DynalakeReviews"]);
  const table = resourceOf(templateNamed(app, "DynalakeReviews"), "AWS::DynamoDB::Table");
  expect(table.Properties).toMatchObject({
    TableName: "Reviews",
    KeySchema: [
      { AttributeName: "User", KeyType: "HASH" },
      { AttributeName: "Book", KeyType: "RANGE" },
    ],
    StreamSpecification: { StreamViewType: "NEW_AND_OLD_IMAGES" },
    PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
    BillingMode: "PAY_PER_REQUEST",
  });
});

describe("a table whose lake holds data", () => {
  const attributes = { id: { type: "string" } };
  const orderLines = (more: object): Schema =>
    parseSchema(
      { table: "order_lines", key: { hash: "id" }, attributes: { ...attributes, ...more } },
      "a test",
    );
  const context = { table: "Shop.Orders-1", example: "false" };

  test("can get more columns", async () => {
    const schema = schemaNamed("order_lines", { attributes: { ...attributes, note: { type: "string" } } });
    expect(stacks(await deploy({ ...context, schema }, { lake: orderLines({}) }))).toContain(
      "DynalakeOrderLines",
    );
  });

  test("cannot lose one: that is refused before anything is deployed", async () => {
    const schema = schemaNamed("order_lines");
    await expect(
      deploy({ ...context, schema }, { lake: orderLines({ note: { type: "string" } }) }),
    ).rejects.toMatchObject({
      code: "SCHEMA_INVALID",
      message: `${schema} cannot change the existing table "order_lines": attributes.note: its column cannot be removed`,
    });
  });

  test("can get other types, and no schema of before by mistake", async () => {
    const [was, is] = ["bigint", "string"].map((type) => orderLines({ total: { type } })) as [Schema, Schema];
    const [old, next] = [was, is].map(({ file }) => schemaNamed("order_lines", file)) as [string, string];
    expect(stacks(await deploy({ ...context, schema: next }, { lake: was }))).toContain("DynalakeOrderLines");
    const change = { before: was.file, added: [], schema: is.file };
    const manifest = afterSchemaChange(initialManifest(1), change, { run: "r", nowSeconds: 1 });
    await expect(deploy({ ...context, schema: old }, { lake: is, manifest })).rejects.toMatchObject({
      code: "SCHEMA_INVALID",
      message: `${old} holds an earlier schema of the table`,
      next: 'To go back to it, set "evolution": 1 in it.',
    });
  });

  test("that nobody may look into is deployed with a warning", async () => {
    const lake = new DynalakeError("CREDENTIALS", "S3 does not allow it");
    const app = await deploy({ ...context, schema: schemaNamed("order_lines") }, { lake });
    const { metadata } = app.node.findChild("DynalakeOrderLines").node;
    expect(metadata.map(({ data }) => String(data)).join()).toContain(
      "fits the lake's data: S3 does not allow it",
    );
  });
});

describe("a table is named", () => {
  test("on the command line", async () => {
    const app = await deploy(
      { table: "Shop.Orders-1", schema: schemaNamed("order_lines"), example: "false" },
      {},
    );
    expect(stacks(app)).toEqual(["DynalakeLake", "DynalakeOrderLines"]);
    const template = templateNamed(app, "DynalakeOrderLines");
    expect(resourceOf(template, "AWS::Lambda::EventSourceMapping").Properties.EventSourceArn).toBe(
      orders.LatestStreamArn,
    );
    const { Configuration } = resourceOf(template, "Custom::DynalakeSource").Properties;
    expect(flat(Configuration)).toContain(`"sourceTableArn":"${arn}"`);
  });

  test("in cdk.json, with a stack's name", async () => {
    const entry = { table: "Shop.Orders-1", schema: schemaNamed("order_lines"), stackName: "Mine" };
    expect(stacks(await deploy({ exports: [entry] }, {}))).toEqual([
      "DynalakeLake",
      "DynalakeReviews",
      "Mine",
    ]);
  });

  test("in a list on the command line", async () => {
    const exports = JSON.stringify([{ table: "Shop.Orders-1", schema: schemaNamed("order_lines") }]);
    expect(stacks(await deploy({ exports, example: false }, {}))).toEqual([
      "DynalakeLake",
      "DynalakeOrderLines",
    ]);
  });
});

describe("a table that is named twice", () => {
  const entry = (table: string, stackName?: string) => ({
    table: "Shop.Orders-1",
    schema: schemaNamed(table),
    ...(stackName === undefined ? {} : { stackName }),
  });

  deepTest("gets two lake tables in one stack, and is read once", async () => {
    const app = await deploy({ exports: [entry("orders"), entry("order_lines")], example: false }, {});
    expect(stacks(app)).toEqual(["DynalakeLake", "DynalakeOrders"]);
    const template = templateNamed(app, "DynalakeOrders");
    expect(resourcesOf(template, "AWS::Lambda::EventSourceMapping").size).toBe(1);
    const tables = [...resourcesOf(template, "Custom::DynalakeTable").values()];
    expect(tables.map(({ Properties }) => JSON.parse(Properties.Schema).table)).toEqual([
      "orders",
      "order_lines",
    ]);
  });

  test("cannot be in two stacks", async () => {
    const exports = [entry("orders", "Mine"), entry("order_lines", "Other")];
    await expect(deploy({ exports, example: false }, {})).rejects.toMatchObject({
      code: "USAGE",
      message: expect.stringContaining('is in stack "Mine" already'),
    });
  });
});

deepTest("the lake is made as the context says", async () => {
  const app = await deploy({ database: "books", email: "ops@example.com", encryption: "kms" });
  const lake = templateNamed(app, "DynalakeLake");
  expect(resourceOf(lake, "AWS::Glue::Database").Properties.DatabaseInput.Name).toBe("books");
  expect(resourcesOf(lake, "AWS::SNS::Subscription").size).toBe(1);
  expect(resourcesOf(lake, "AWS::KMS::Key").size).toBe(1);
});

describe("a table that exists is refused before anything is deployed", () => {
  const named = (): Record<string, unknown> => ({
    table: "Shop.Orders-1",
    schema: schemaNamed("order_lines"),
  });

  const { LatestStreamArn: _, StreamSpecification: __, ...withoutStream } = orders;
  test.each<[string, Played, string, string]>([
    ["without a stream", { table: withoutStream }, "STREAM_UNUSABLE", "has no stream"],
    [
      "with keys only",
      { table: { ...orders, StreamSpecification: { StreamEnabled: true, StreamViewType: "KEYS_ONLY" } } },
      "STREAM_UNUSABLE",
      "has view type KEYS_ONLY",
    ],
    ["without recovery", { recovery: "DISABLED" }, "BACKUPS_OFF", 'is off for table "Shop.Orders-1"'],
    [
      "with another key",
      { table: { ...orders, KeySchema: [{ AttributeName: "pk", KeyType: "HASH" }] } },
      "SCHEMA_INVALID",
      'the key of table "Shop.Orders-1" is pk',
    ],
    ["that is not there", { table: { ...orders, TableName: "Other" } }, "TABLE_NOT_FOUND", '"Shop.Orders-1"'],
    [
      "that may not be described",
      { fails: Object.assign(new Error("no"), { name: "AccessDeniedException", $fault: "client" }) },
      "CREDENTIALS",
      'describe table "Shop.Orders-1" in region eu-west-1',
    ],
  ])("%s", async (_name, played, code, message) => {
    await expect(deploy(named(), played)).rejects.toMatchObject({
      name: "DynalakeError",
      code,
      message: expect.stringContaining(message),
    });
  });

  test("with a command that repairs it", async () => {
    await expect(deploy(named(), { recovery: "DISABLED" })).rejects.toMatchObject({
      next: expect.stringContaining("aws dynamodb update-continuous-backups --table-name Shop.Orders-1"),
    });
    await expect(deploy(named(), { table: withoutStream })).rejects.toMatchObject({
      next: expect.stringContaining("aws dynamodb update-table --table-name Shop.Orders-1"),
    });
  });

  test("a schema file is read before anybody is asked", async () => {
    const fails = new Error("no service may be called");
    await expect(deploy({ table: "T", schema: "/nowhere.json" }, { fails })).rejects.toMatchObject({
      code: "USAGE",
    });
  });
});

deepTest("a customer's key of the table comes with its description", async () => {
  const key = "arn:aws:kms:eu-west-1:123456789012:key/1234";
  const table = { ...orders, SSEDescription: { Status: "ENABLED" as const, KMSMasterKeyArn: key } };
  const app = await deploy({ table: "Shop.Orders-1", schema: schemaNamed("order_lines") }, { table });
  expect(JSON.stringify(templateNamed(app, "DynalakeOrderLines"))).toContain(key);
});

describe("a context that is not right is refused", () => {
  test.each<[Record<string, unknown>, string]>([
    [{ table: "Orders" }, "needs both a table and a schema file"],
    [{ schema: "orders.json" }, "needs both a table and a schema file"],
    [{ exports: "orders" }, "exports"],
    [{ exports: [{ table: "Orders" }] }, "exports.0.schema"],
    [{ exports: [{ table: "Orders", schema: "s.json", shema: "s.json" }] }, "exports.0"],
    [{ table: "Orders", schema: "s.json", stackName: "my_stack" }, "stackName: a stack name"],
    [{ example: "maybe" }, "example"],
    [{ encryption: "none" }, "encryption"],
    [{ database: "My-Lake" }, '"My-Lake"'],
  ])("%j", async (context, message) => {
    await expect(deploy(context)).rejects.toMatchObject({
      code: "USAGE",
      message: expect.stringContaining(message),
    });
  });
});
