/**
 * Other types of columns, and other names, by a deployed schema: what the views of Athena show is what a lake in a folder shows of the
 * same items, with rows of before in base, delta and change log, `items` gives each of them back, and drift counts the same.
 */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  CreateTableCommand,
  DynamoDBClient,
  PutItemCommand,
  UpdateContinuousBackupsCommand,
  waitUntilTableExists,
} from "@aws-sdk/client-dynamodb";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { tableEntryPath } from "../../src/core/format/deployment-path.ts";
import { tableDrift } from "../../src/core/overlay/drift.ts";
import type { Drift } from "../../src/core/overlay/drift-finding.ts";
import { itemsStatement } from "../../src/core/overlay/items.ts";
import type { AttributeFile } from "../../src/core/schema/schema.ts";
import { requireTable } from "../../src/core/table/open-table.ts";
import { writeExport } from "../cli/export-fixture.ts";
import { done, expectRefused, rowsOf } from "../support/cli.ts";
import { dynalakeProcess } from "../support/cli-process.ts";
import { withFolder } from "../support/folders.ts";
import { deployStacks } from "./support/deploy.ts";
import { type AwsEmulator, startEmulator } from "./support/emulator.ts";
import { DeployedTable, type StoredItem, until } from "./support/reviews.ts";

const STACK = "DynalakeOrders";

let emulator: AwsEmulator;
let orders: DeployedTable;

type Attributes = Readonly<Record<string, AttributeFile>>;

const FIRST: Attributes = {
  Id: { type: "string" },
  Total: { type: "bigint" },
  Price: { type: "string" },
  Info: { type: "string" },
  Seen: { type: "bigint" },
  Note: { type: "string" },
  Units: { type: "int" },
  Cases: { type: "bigint" },
  Line: { type: "int" },
  Sizes: { type: "array<bigint>" },
  Marks: { type: "array<bigint>", set: true },
  Parts: { type: "map<string,bigint>" },
  Place: { type: "struct<City:string>" },
};
const NEXT: Attributes = {
  Id: { type: "string" },
  Total: { type: "string" },
  Price: { type: "decimal(10,2)" },
  Info: { type: "json" },
  Seen: { type: "timestamp", format: "epoch_seconds" },
  Note: { type: "string", name: "remark" },
  Units: { type: "decimal(12,2)" },
  Cases: { type: "decimal(19,0)" },
  Line: { type: "decimal(12,2)", name: "line_no" },
  Sizes: { type: "array<decimal(21,2)>" },
  Marks: { type: "array<decimal(21,2)>", set: true },
  Parts: { type: "map<string,decimal(21,2)>" },
  Place: { type: "struct<City:string,Zip:bigint>" },
};

beforeAll(async () => {
  emulator = await startEmulator({ iam: true });
  await makeTable();
  await deploy(FIRST);
  orders = await DeployedTable.open(emulator, STACK);
});

afterAll(async () => {
  orders?.close();
  await emulator?.stop();
});

async function makeTable(): Promise<void> {
  const client = new DynamoDBClient(emulator.client);
  await client.send(
    new CreateTableCommand({
      TableName: "Orders",
      KeySchema: [
        { AttributeName: "Id", KeyType: "HASH" },
        { AttributeName: "Line", KeyType: "RANGE" },
      ],
      AttributeDefinitions: [
        { AttributeName: "Id", AttributeType: "S" },
        { AttributeName: "Line", AttributeType: "N" },
      ],
      BillingMode: "PAY_PER_REQUEST",
      StreamSpecification: { StreamEnabled: true, StreamViewType: "NEW_AND_OLD_IMAGES" },
    }),
  );
  await waitUntilTableExists({ client, maxWaitTime: 30 }, { TableName: "Orders" });
  await client.send(
    new UpdateContinuousBackupsCommand({
      TableName: "Orders",
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
    }),
  );
  const inBase = [order("a", "10"), order("b", "20", { Price: { N: "7.5" }, Info: { L: [{ N: "1" }] } })];
  for (const Item of inBase) await client.send(new PutItemCommand({ TableName: "Orders", Item }));
  client.destroy();
}

/** The schema file with these attributes. */
async function written(attributes: Attributes): Promise<string> {
  const path = join(emulator.folder, "orders.json");
  await writeFile(path, JSON.stringify(schemaFile(attributes)));
  return path;
}

async function deploy(attributes: Attributes): Promise<void> {
  const schema = await written(attributes);
  await deployStacks(emulator, {
    app: "node_modules/.bin/tsx infra/app.ts",
    context: { example: "false", table: "Orders", schema },
  });
}

const schemaFile = (attributes: Attributes) => ({
  table: "orders",
  source: "Orders",
  key: { hash: "Id", range: "Line" },
  attributes,
});

/** Texts, numbers and a moment, some of which fit the columns of before and some those of now. */
function order(id: string, total: string, more: StoredItem = {}): StoredItem {
  return {
    Id: { S: id },
    Total: { N: total },
    Price: { S: "1.25" },
    Info: { S: `about "${id}"` },
    Seen: { N: "1709202600" },
    Note: { S: `note of ${id}` },
    Units: { N: "3" },
    Cases: { N: "12345678901" },
    Line: { N: "1" },
    Sizes: { L: [{ N: "1" }, { N: "2" }] },
    Marks: { NS: ["7"] },
    Parts: { M: { a: { N: "4" } } },
    Place: { M: { City: { S: "Bern" } } },
    ...more,
  };
}

/** Numbers and members that no column of before has room for, and those of now have. */
const FURTHER: StoredItem = {
  Line: { N: "1.5" },
  Sizes: { L: [{ N: "1" }, { N: "2.5" }] },
  Marks: { NS: ["7.25"] },
  Parts: { M: { a: { N: "4.5" } } },
  Place: { M: { City: { S: "Chur" }, Zip: { N: "7000" } } },
};

/** Values of other types, within what the columns hold and in its place. */
const OTHERS: StoredItem = {
  Sizes: { L: [{ N: "1" }, { S: "two" }] },
  Marks: { L: [{ N: "7" }] },
  Parts: { M: { a: { N: "4" }, b: { S: "none" } } },
  Place: { S: "Bern" },
};

function schemaDiff(path: string, ...more: readonly string[]) {
  const args = ["schema", "diff", path, "--stack", STACK, ...more];
  return dynalakeProcess(args, { env: emulator.environment, secondsMax: 120 });
}

const compact = (scope = "grown") => orders.run("compaction", { scope, settleSeconds: 0 });

/** In place of waiting for 30 minutes: as if the schema had been deployed with no time to settle. */
async function settleAtOnce(): Promise<void> {
  const { store } = orders.lake;
  const path = tableEntryPath(orders.deployment.source, "orders");
  const entry = JSON.parse(new TextDecoder().decode(await store.read(path))) as object;
  await store.replace(path, Buffer.from(JSON.stringify({ ...entry, schemaSettleSeconds: 0 })));
}

async function items(): Promise<readonly string[]> {
  const { engine, store } = orders.lake;
  const { sql, itemOf } = await itemsStatement(orders.lake, await requireTable(store, "orders"), undefined);
  return (await engine.rows(sql)).map((row) => itemOf(Object.values(row)).text()).sort();
}

async function itemsAreThoseOfTheTable(): Promise<void> {
  const expected = await orders.scanned();
  let found: readonly string[] = [];
  await until("the lake has the table's items", async () => {
    found = await items();
    return JSON.stringify(found) === JSON.stringify(expected) ? true : undefined;
  }).catch(() => expect(found).toEqual(expected));
}

const COLUMNS = [
  "id",
  "total",
  "total__text",
  "price",
  "price__text",
  "info",
  "seen__text",
  "remark",
  "units",
  "cases",
  "line_no",
];
const TEXTS = COLUMNS.map((name) => `CAST(${name} AS varchar) AS ${name}`).join(", ");
const SEEN = "year(seen) * 10000 + month(seen) * 100 + day(seen) AS seen";
const PARTS = ["parts['a']", "place.city", "place.zip"].map(
  (part, i) => `CAST(${part} AS varchar) AS part_${i}`,
);

/** `join` is the engine's function that makes a text of a list. */
function shown(from: string, join: "array_join" | "array_to_string"): string {
  const lists = ["sizes", "marks"].map((name) => `${join}(${name}, ' ') AS ${name}`);
  return `SELECT ${[TEXTS, SEEN, ...PARTS, ...lists].join(", ")} FROM ${from} ORDER BY id`;
}

type Counts = Pick<Drift, "attribute" | "hidden" | "values" | "types">;

interface Answers {
  readonly rows: readonly unknown[];
  readonly drift: readonly Counts[];
}

/** What a lake in a folder shows of these items once its columns have got the other types. */
async function embedded(all: readonly string[]): Promise<Answers> {
  return withFolder(async (folder) => {
    const lake = join(folder, "lake");
    const [first, next] = ["first.json", "next.json"].map((name) => join(folder, name)) as [string, string];
    await writeFile(first, JSON.stringify(schemaFile(FIRST)));
    await writeFile(next, JSON.stringify(schemaFile(NEXT)));
    const found = all.map((text) => JSON.parse(text) as StoredItem);
    await writeExport(join(folder, "export"), found as never, {
      table: "Orders",
      exportTime: "2026-01-10T10:00:00.000Z",
    });
    await done(["snapshot", "--from-export", join(folder, "export"), "--lake", lake, "--schema", first]);
    await done(["schema", "apply", next, "--lake", lake]);
    const { drift } = JSON.parse(await done(["schema", "drift", "--lake", lake, "--json"]));
    const rows = (await rowsOf(lake, shown("orders", "array_to_string"))).map(plain);
    return { rows, drift: counted(drift) };
  });
}

function counted(drift: readonly Counts[]): readonly Counts[] {
  const found = drift.map(({ attribute, hidden, values, types }) => ({ attribute, hidden, values, types }));
  return found.sort((a, b) => (a.attribute < b.attribute ? -1 : 1));
}

function plain(row: unknown): unknown {
  const cells = (typeof row === "string" ? JSON.parse(row) : row) as Readonly<Record<string, unknown>>;
  return Object.entries(cells).map(([name, value]) => [name, value === null ? null : String(value)]);
}

async function viewIsThatOfAFolder(): Promise<Answers> {
  const { engine, store } = orders.lake;
  const rows = (await orders.rows(shown("orders", "array_join"))).map(plain);
  const drift = counted(await tableDrift(engine, await requireTable(store, "orders")));
  expect({ rows, drift }).toEqual(await embedded(await orders.scanned()));
  return { rows, drift };
}

test("rows of before lie in base, delta and change log", async () => {
  await orders.seeded();
  await orders.put(order("c", "30", { Price: { S: "free" } }));
  await itemsAreThoseOfTheTable();
  expect(await compact()).toMatchObject({ output: { done: ["minor"] } });
  await orders.put(order("d", "40", { Total: { S: "forty" }, Seen: { S: "never" }, ...FURTHER }));
  await orders.put(order("d2", "41", OTHERS));
  await itemsAreThoseOfTheTable();
});

/** What `schema diff` says of divisions, with what Trino makes of 7 in the columns' types. */
async function divisions(said: string): Promise<readonly (readonly unknown[])[]> {
  const found = said.matchAll(/7 \/ 2 is (\S+) for (\S+) and (\S+) for (\S+)$/gm);
  return Promise.all(
    Array.from(found, async ([, before, from, after, to]) => {
      const values = [from, to].map(
        (type, i) => `CAST(CAST(7 AS ${type}) / 2 AS varchar) AS ${["before", "after"][i]}`,
      );
      const rows = await orders.rows(`SELECT ${values.join(", ")}`);
      return [to, [{ before, after }], rows];
    }),
  );
}

test("schema diff says of the deployed stack what will be, and how Athena divides then", async () => {
  const path = await written(NEXT);
  const { stdout, stderr, code } = await schemaDiff(path);
  expect({ stderr, code }).toEqual({ stderr: "", code: 0 });
  for (const line of [
    'changes, once it is deployed, "orders":',
    "makes units decimal(12,2); it was int. In Athena, 7 / 2 is 3 for int and 3.50 for decimal(12,2)",
    "makes cases decimal(19,0); it was bigint. In Athena, 7 / 2 is 3 for bigint and 4 for decimal(19,0)",
    "makes sizes array<decimal(21,2)>; it was array<bigint>",
    "makes total string; it was bigint. Values that do not fit are in total__text",
    "renames line to line_no",
  ])
    expect(stdout).toContain(line);
  const divided = await divisions(stdout);
  expect(divided.map(([to]) => to)).toEqual(["decimal(12,2)", "decimal(19,0)", "decimal(12,2)"]);
  for (const [, said, trino] of divided) expect(trino).toEqual(said);
});

test("other types wait until Firehose surely has their columns, and everything goes on", async () => {
  const path = await written(NEXT);
  const { newColumns, isDeployed } = JSON.parse((await schemaDiff(path, "--json")).stdout);
  await deploy(NEXT);
  // What the command said before is what Glue has by then.
  const { StorageDescriptor } = (await orders.lake.engine.catalog.table("orders__changes")) ?? {};
  const inGlue = StorageDescriptor?.Columns?.map(({ Name }) => Name);
  expect([isDeployed, inGlue]).toEqual([false, expect.arrayContaining(newColumns)]);
  expect((await schemaDiff(path)).stdout).toContain('is deployed, and will change "orders"');
  await orders.put(order("e", "50", { Info: { M: { x: { BOOL: true } } } }));
  await itemsAreThoseOfTheTable();
  expect(await compact()).toMatchObject({ output: { done: ["minor"] } });
  expect(await orders.rows("SELECT total, note FROM orders WHERE id = 'c'")).toEqual([
    { total: 30, note: "note of c" },
  ]);
  await orders.put(order("f", "60", { Price: { S: "-3.50" } }));
  await itemsAreThoseOfTheTable();
});

test("then the views show what a lake in a folder shows, before and after compactions and a snapshot", async () => {
  await settleAtOnce();
  expect(await compact()).toMatchObject({ output: { done: expect.arrayContaining(["schema"]) } });
  expect((await schemaDiff(await written(NEXT))).stdout).toContain('is the schema of "orders" already');
  const { rows, drift } = await viewIsThatOfAFolder();
  expect(rows).toHaveLength(7);
  // A list or a map that fits in part is shown in part, and a list in the column of a set is shown.
  expect(drift.map(({ attribute, hidden }) => [attribute, hidden])).toEqual([
    ["Parts", 1],
    ["Place", 1],
    ["Price", 6],
    ["Seen", 1],
    ["Sizes", 1],
    ["Total", 6],
  ]);
  expect(rows[3]).toEqual([
    ["id", "d"],
    ["total", "forty"],
    ["total__text", null],
    ["price", null],
    ["price__text", "1.25"],
    ["info", '"about \\"d\\""'],
    ["seen__text", "never"],
    ["remark", "note of d"],
    ["units", "3.00"],
    ["cases", "12345678901"],
    ["line_no", "1.50"],
    ["seen", null],
    ["part_0", "4.50"],
    ["part_1", "Chur"],
    ["part_2", "7000"],
    ["sizes", "1.00 2.50"],
    ["marks", "7.25"],
  ]);
  await itemsAreThoseOfTheTable();
  await orders.renew("stream");
  await orders.put(order("g", "70", { Total: { S: "seventy" }, Units: { N: "2.5" } }), order("b", "21"));
  await itemsAreThoseOfTheTable();
  await viewIsThatOfAFolder();
  expect(await compact("all")).toMatchObject({ output: { done: ["minor", "major"] } });
  await viewIsThatOfAFolder();
  await itemsAreThoseOfTheTable();
  const past =
    "SELECT total, total__text, remark, CAST(units AS varchar) AS units FROM orders_history WHERE id = 'c'";
  expect(await orders.rows(past)).toEqual([
    { total: null, total__text: "30", remark: "note of c", units: "3.00" },
  ]);
  expect(await orders.rows("SELECT id, total__text FROM orders_snapshots ORDER BY id")).toEqual([
    { id: "a", total__text: "10" },
    { id: "b", total__text: "20" },
  ]);
  expect(await orders.run("snapshot")).toMatchObject({ output: { outcome: "committed" } });
  await viewIsThatOfAFolder();
  await itemsAreThoseOfTheTable();
  expect(await emulator.denials()).toEqual([]);
});

test("the schema of before orders nothing, and what would lose something is refused", async () => {
  await expect(deploy(FIRST)).rejects.toThrow(/error SCHEMA_INVALID: .*orders\.json holds an earlier schema/);
  await expect(deploy({ ...NEXT, Info: { type: "string" } })).rejects.toThrow(
    /error SCHEMA_INVALID: .*attributes\.Info\.type: it is already json/,
  );
});

/** Of each attribute, what its column is, and may not become. */
const REFUSED: readonly (readonly [Attributes, readonly string[]])[] = [
  [
    {
      Sizes: { type: "json" },
      Marks: { type: "string" },
      Parts: { type: "json" },
      Place: { type: "map<string,string>" },
      Line: { type: "string", name: "line_no" },
    },
    [
      "Sizes.type: it is already array<decimal(21,2)>",
      "Marks.type: it is already array<decimal(21,2)>",
      "Parts.type: it is already map<string,decimal(21,2)>",
      "Place.type: it is already struct<City:string,Zip:bigint>",
      "Line.type: it is already decimal(12,2)",
    ],
  ],
  [
    {
      Sizes: { type: "array<decimal(21,2)>", set: true },
      Marks: { type: "array<decimal(21,2)>" },
      Id: { type: "json" },
      Units: { type: "array<decimal(12,2)>" },
      Price: { type: "map<string,string>" },
    },
    [
      "Sizes.set: its column does not come from a set",
      "Marks.set: its column comes from a set",
      "Id.type: it is already string",
      "Units.type: it is already decimal(12,2)",
      "Price.type: it is already decimal(10,2)",
    ],
  ],
];

test("lists, maps, sets and key attributes keep their kinds, and no value becomes a list or a map", async () => {
  for (const [changed, reasons] of REFUSED)
    expectRefused(await schemaDiff(await written({ ...NEXT, ...changed })), {
      code: "SCHEMA_INVALID",
      names: reasons.map((reason) => `attributes.${reason}`),
    });
  const [changed] = REFUSED[0] as (typeof REFUSED)[number];
  await expect(deploy({ ...NEXT, ...changed })).rejects.toThrow(
    /error SCHEMA_INVALID: .*attributes\.Sizes\.type: it is already array/,
  );
  expect(await emulator.denials()).toEqual([]);
});
