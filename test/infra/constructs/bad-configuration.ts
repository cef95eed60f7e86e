import { describe, expect, test } from "@jest/globals";
import { Duration, Stack } from "aws-cdk-lib";
import { AttributeType, type ITable, StreamViewType, Table, TableV2 } from "aws-cdk-lib/aws-dynamodb";
import { DynamoDbLake, type DynamoDbLakeProps } from "../../../infra/dynamo-db-lake.ts";
import { ExportStack } from "../../../infra/export-stack.ts";
import { Lake } from "../../../infra/lake.ts";
import type { SnapshotPartOptions } from "../../../infra/snapshot-options.ts";
import type { ErrorCode } from "../../../src/core/error.ts";
import { deepTest } from "../../support/deep-test.ts";
import { reviewsSchema, schemaFile, schemaNamed, testApp, usableTable } from "../support.ts";

/** Adds a table to a lake, the way an app does. */
function add(table: (stack: Stack) => ITable, more: Partial<DynamoDbLakeProps> = {}): void {
  const stack = new Stack(testApp(), "Stack");
  const lake = new Lake(stack, "Lake");
  new DynamoDbLake(stack, "Export", { lake, table: table(stack), schemaFile: schemaNamed("t"), ...more });
}

function refused(code: ErrorCode, message: string, next: string) {
  return expect.objectContaining({
    name: "DynalakeError",
    code,
    message: expect.stringContaining(message),
    next: expect.stringContaining(next),
  });
}

const id = { name: "id", type: AttributeType.STRING };
const recovery = { pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true } };

describe("a table of the app is refused when it is synthesized", () => {
  test("without a stream", () => {
    const table = (stack: Stack): ITable => new Table(stack, "T", { partitionKey: id, ...recovery });
    expect(() => add(table)).toThrow(
      refused("STREAM_UNUSABLE", 'the table for "t" has no stream', "NEW_AND_OLD_IMAGES"),
    );
  });

  test.each([StreamViewType.KEYS_ONLY, StreamViewType.OLD_IMAGE])("with the view type %s", (stream) => {
    expect(() => add((stack) => usableTable(stack, "T", { stream }))).toThrow(
      refused("STREAM_UNUSABLE", `has view type ${stream}`, "NEW_AND_OLD_IMAGES"),
    );
  });

  test("without point-in-time recovery", () => {
    const table = (stack: Stack): ITable =>
      new Table(stack, "T", {
        partitionKey: id,
        stream: StreamViewType.NEW_IMAGE,
        tableName: "My.Table-1_x",
      });
    const more = { schemaFile: schemaNamed("t", { source: "My.Table-1_x" }) };
    expect(() => add(table, more)).toThrow(
      refused("BACKUPS_OFF", 'is off for table "My.Table-1_x"', "point-in-time recovery"),
    );
  });

  test("with a key that is not the schema's", () => {
    const table = (stack: Stack): ITable =>
      usableTable(stack, "T", { sortKey: { name: "at", type: AttributeType.NUMBER } });
    expect(() => add(table)).toThrow(
      refused(
        "SCHEMA_INVALID",
        'the key of the table for "t" is id, at, but the schema of "t" says id',
        '"key"',
      ),
    );
  });

  test("with a schema that names another table as its source", () => {
    const table = (stack: Stack): ITable => usableTable(stack, "T", { tableName: "Orders" });
    expect(() => add(table, { schemaFile: schemaNamed("t", { source: "Customers" }) })).toThrow(
      refused("USAGE", 'the schema of "t" is for table "Customers", not "Orders"', '"source"'),
    );
  });

  test.each<[string, ConstructorParameters<typeof TableV2>[2], ErrorCode]>([
    ["without a stream", { partitionKey: id, ...recovery }, "STREAM_UNUSABLE"],
    [
      "with keys only",
      { partitionKey: id, dynamoStream: StreamViewType.KEYS_ONLY, ...recovery },
      "STREAM_UNUSABLE",
    ],
    [
      "without recovery",
      { partitionKey: id, dynamoStream: StreamViewType.NEW_AND_OLD_IMAGES },
      "BACKUPS_OFF",
    ],
    [
      "with another key",
      {
        partitionKey: { name: "key", type: AttributeType.STRING },
        dynamoStream: StreamViewType.NEW_AND_OLD_IMAGES,
        ...recovery,
      },
      "SCHEMA_INVALID",
    ],
  ])("also a TableV2 %s", (_, props, code) => {
    expect(() => add((stack) => new TableV2(stack, "T", props))).toThrow(expect.objectContaining({ code }));
  });
});

describe("an imported table is refused", () => {
  test("without the ARN of its stream", () => {
    expect(() => add((stack) => Table.fromTableName(stack, "T", "Orders"))).toThrow(
      refused("STREAM_UNUSABLE", 'the stream of the table for "t" is unknown', "tableStreamArn"),
    );
  });

  test("with a key that is not the schema's", () => {
    const app = testApp();
    const { lake } = new (class extends Stack {
      readonly lake = new Lake(this, "Lake");
    })(app, "Lake");
    const arn = "arn:aws:dynamodb:eu-west-1:123456789012:table/Reviews";
    const table = {
      tableName: "Reviews",
      tableArn: arn,
      streamArn: `${arn}/stream/x`,
      key: { hash: "User" },
    };
    expect(() => new ExportStack(app, "Export", { lake, table, schemaFile: reviewsSchema })).toThrow(
      refused(
        "SCHEMA_INVALID",
        'the key of table "Reviews" is User, but the schema of "reviews" says User, Book',
        '"key"',
      ),
    );
  });
});

describe("a schema file is refused", () => {
  const addWith = (file: string) => (): void => add((stack) => usableTable(stack, "T"), { schemaFile: file });

  test("that is not there", () => {
    expect(addWith("/nowhere/orders.json")).toThrow(
      refused("USAGE", "cannot read schema file /nowhere/orders.json: ENOENT", "infer"),
    );
  });

  test("that is no JSON", () => {
    expect(() => addWith(schemaFile("{"))()).toThrow(
      refused("SCHEMA_INVALID", "is not valid JSON", "docs/schemas.md"),
    );
  });

  test("with a type that does not exist", () => {
    const file = schemaNamed("t", { attributes: { id: { type: "strin" } } });
    expect(addWith(file)).toThrow(
      refused("SCHEMA_INVALID", 'attributes.id.type: "strin"', "docs/schemas.md"),
    );
  });

  test.each(["Orders", "my-orders", "my.orders", "1st", ""])(
    "with a table name that Glue would change or refuse: %p",
    (table) => {
      expect(() => addWith(schemaNamed(table))()).toThrow(
        refused("SCHEMA_INVALID", "table: ", "docs/schemas.md"),
      );
    },
  );

  test("with two attributes of one column", () => {
    const attributes = { id: { type: "string" }, Name: { type: "string" }, name: { type: "string" } };
    expect(addWith(schemaNamed("t", { attributes }))).toThrow(
      refused("SCHEMA_COLLISION", '"Name" and "name" both become the column "name"', "name"),
    );
  });

  test("that masks a column where there is no mask key", () => {
    const attributes = { id: { type: "string" }, mail: { mask: "sha256" as const } };
    expect(addWith(schemaNamed("t", { attributes }))).toThrow(
      refused("USAGE", 'column "mail" of "t" is masked', "maskKeySecret"),
    );
  });
});

deepTest("two lake tables of one name in one lake are refused", () => {
  const stack = new Stack(testApp(), "Stack");
  const lake = new Lake(stack, "Lake");
  const [table, other] = [usableTable(stack, "Table"), usableTable(stack, "Other")];
  new DynamoDbLake(stack, "One", { lake, table, schemaFile: schemaNamed("t") });
  const twice = refused(
    "USAGE",
    'the lake "dynalake" has two tables called "t"',
    '"table" in its schema file',
  );
  expect(() => new DynamoDbLake(stack, "Two", { lake, table: other, schemaFile: schemaNamed("t") })).toThrow(
    twice,
  );
  const stack2 = new Stack(testApp(), "Stack");
  const again = new DynamoDbLake(stack2, "One", {
    lake: new Lake(stack2, "Lake"),
    table: usableTable(stack2, "Table"),
    schemaFile: schemaNamed("t"),
  });
  expect(() => again.addTable({ schemaFile: schemaNamed("t") })).toThrow(twice);
});

test("a source table that a lake reads already is refused, with how to add a lake table", () => {
  const stack = new Stack(testApp(), "Stack");
  const lake = new Lake(stack, "Lake");
  const table = usableTable(stack, "Table");
  new DynamoDbLake(stack, "One", { lake, table, schemaFile: schemaNamed("a") });
  expect(() => new DynamoDbLake(stack, "Two", { lake, table, schemaFile: schemaNamed("b") })).toThrow(
    refused("USAGE", 'the lake "dynalake" reads Stack/Table already', "addTable"),
  );
});

test("a further lake table is checked as the first one is", () => {
  const stack = new Stack(testApp(), "Stack");
  const table = usableTable(stack, "Table");
  const source = new DynamoDbLake(stack, "One", {
    lake: new Lake(stack, "Lake"),
    table,
    schemaFile: schemaNamed("a"),
  });
  const other = schemaNamed("b", { key: { hash: "other" }, attributes: {} });
  expect(() => source.addTable({ schemaFile: other })).toThrow(
    refused("SCHEMA_INVALID", "says other", '"key"'),
  );
  const attributes = { id: { type: "string" }, mail: { mask: "sha256" as const } };
  expect(() => source.addTable({ schemaFile: schemaNamed("c", { attributes }) })).toThrow(
    refused("USAGE", 'column "mail" of "c" is masked', "maskKeySecret"),
  );
});

test.each([0, -1, 1.5, 9000])("a retention of %p hours is refused", (retentionHours) => {
  expect(() => add((stack) => usableTable(stack, "T"), { retentionHours })).toThrow(
    refused(
      "USAGE",
      `invalid retentionHours: ${retentionHours.toLocaleString("en-US")} is`,
      "retentionHours",
    ),
  );
});

deepTest("a table whose segments would be too many for a vacuum is refused", () => {
  const kept = (buckets: number, more: Partial<DynamoDbLakeProps>): void => {
    const schemaFile = schemaNamed("t", { partitionBy: `bucket(${buckets})` });
    add((stack) => usableTable(stack, "T"), { schemaFile, ...more });
  };
  const aYear = { retentionHours: 8760 };
  expect(() => kept(1000, aYear)).toThrow(
    refused("USAGE", '"t" would keep up to 4,432,528 segments, and at most 2,000,000', "compactEvery"),
  );
  kept(1000, { ...aYear, compactEvery: Duration.hours(1) });
  kept(1000, { compactEvery: Duration.minutes(1) });
  kept(100, aYear);
  expect(() => kept(1000, { ...aYear, compactEvery: "never", snapshotEvery: Duration.hours(1) })).toThrow(
    refused("USAGE", "would keep up to 8,785,000 segments", "snapshotEvery"),
  );
  expect(() => kept(1000, { snapshotEvery: Duration.days(1), snapshotsKept: "all" })).toThrow(
    refused("USAGE", "would keep up to 3,", "snapshotsKept"),
  );
  kept(100, { snapshotEvery: Duration.days(1), snapshotsKept: "all" });
});

test.each<[number | Duration, string]>([
  [0, "0 is"],
  [1.5, "1.5 is"],
  [Duration.seconds(0), "0 seconds is"],
])("snapshotsKept of %j is refused", (snapshotsKept, message) => {
  expect(() => add((stack) => usableTable(stack, "T"), { snapshotsKept })).toThrow(
    refused("USAGE", `invalid snapshotsKept: ${message}`, "snapshotsKept"),
  );
});

test.each<[SnapshotPartOptions, string]>([
  [{ atOnce: 0 }, "snapshotParts.atOnce: 0 is"],
  [{ atOnce: 1001 }, "snapshotParts.atOnce: 1,001 is"],
  [{ memoryMebibytes: 256 }, "snapshotParts.memoryMebibytes: 256 is"],
  [{ timeLimit: Duration.minutes(16) }, "snapshotParts.timeLimit: 960 seconds is"],
])("parts of snapshots by %j are refused", (snapshotParts, message) => {
  expect(() => add((stack) => usableTable(stack, "T"), { snapshotParts })).toThrow(
    refused("USAGE", `invalid ${message}`, "snapshotParts"),
  );
});

describe("a table elsewhere", () => {
  const here = { account: "111111111111", region: "eu-west-1" };
  const place = (arn: string, env?: typeof here) => (): void => {
    const stack = new Stack(testApp(), "Stack", env === undefined ? {} : { env });
    const table = Table.fromTableAttributes(stack, "Table", {
      tableArn: arn,
      tableStreamArn: `${arn}/stream/2026-01-01T00:00:00.000`,
    });
    new DynamoDbLake(stack, "T", { lake: new Lake(stack, "Lake"), table, schemaFile: schemaNamed("t") });
  };

  test("in another region is refused, and in another account without a role there", () => {
    expect(place("arn:aws:dynamodb:us-east-1:111111111111:table/T", here)).toThrow(
      refused("USAGE", "is in region us-east-1", "to region us-east-1"),
    );
    expect(place("arn:aws:dynamodb:eu-west-1:222222222222:table/T", here)).toThrow(
      refused("USAGE", "is in account 222222222222", "Pass ownerRoleArn"),
    );
  });

  test("in the lake's own region and account is taken, and so is one where the lake's are not known yet", () => {
    expect(place("arn:aws:dynamodb:eu-west-1:111111111111:table/T", here)).not.toThrow();
    expect(place("arn:aws:dynamodb:us-east-1:222222222222:table/T")).not.toThrow();
  });
});
