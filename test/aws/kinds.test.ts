/**
 * Other types of columns, and other names, by a deployed schema: what the views of Athena show is what a lake in a folder shows of the
 * same items, with rows of before in base, delta and change log, and `items` gives each of them back.
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
import { itemsStatement } from "../../src/core/overlay/items.ts";
import type { AttributeFile } from "../../src/core/schema/schema.ts";
import { requireTable } from "../../src/core/table/open-table.ts";
import { writeExport } from "../cli/export-fixture.ts";
import { done, rowsOf } from "../support/cli.ts";
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
};
const NEXT: Attributes = {
  Id: { type: "string" },
  Total: { type: "string" },
  Price: { type: "decimal(10,2)" },
  Info: { type: "json" },
  Seen: { type: "timestamp", format: "epoch_seconds" },
  Note: { type: "string", name: "remark" },
  Units: { type: "decimal(12,2)" },
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
      KeySchema: [{ AttributeName: "Id", KeyType: "HASH" }],
      AttributeDefinitions: [{ AttributeName: "Id", AttributeType: "S" }],
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

async function deploy(attributes: Attributes): Promise<void> {
  const schema = join(emulator.folder, "orders.json");
  await writeFile(schema, JSON.stringify(schemaFile(attributes)));
  await deployStacks(emulator, {
    app: "node_modules/.bin/tsx infra/app.ts",
    context: { example: "false", table: "Orders", schema },
  });
}

const schemaFile = (attributes: Attributes) => ({
  table: "orders",
  source: "Orders",
  key: { hash: "Id" },
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
    ...more,
  };
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
];
const TEXTS = COLUMNS.map((name) => `CAST(${name} AS varchar) AS ${name}`).join(", ");
const SEEN = "year(seen) * 10000 + month(seen) * 100 + day(seen) AS seen";
const shown = (from: string) => `SELECT ${TEXTS}, ${SEEN} FROM ${from} ORDER BY id`;

/** What a lake in a folder shows of these items once its columns have got the other types. */
async function embedded(all: readonly string[]): Promise<readonly unknown[]> {
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
    return (await rowsOf(lake, shown("orders"))).map(plain);
  });
}

function plain(row: unknown): unknown {
  const cells = (typeof row === "string" ? JSON.parse(row) : row) as Readonly<Record<string, unknown>>;
  return Object.entries(cells).map(([name, value]) => [name, value === null ? null : String(value)]);
}

async function viewIsThatOfAFolder(): Promise<readonly unknown[]> {
  const rows = (await orders.rows(shown("orders"))).map(plain);
  expect(rows).toEqual(await embedded(await orders.scanned()));
  return rows;
}

test("rows of before lie in base, delta and change log", async () => {
  await orders.seeded();
  await orders.put(order("c", "30", { Price: { S: "free" } }));
  await itemsAreThoseOfTheTable();
  expect(await compact()).toMatchObject({ output: { done: ["minor"] } });
  await orders.put(order("d", "40", { Total: { S: "forty" }, Seen: { S: "never" } }));
  await itemsAreThoseOfTheTable();
});

test("other types wait until Firehose surely has their columns, and everything goes on", async () => {
  await deploy(NEXT);
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
  const rows = await viewIsThatOfAFolder();
  expect(rows).toHaveLength(6);
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
    ["seen", null],
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
