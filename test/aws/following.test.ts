/** A type of a deployed table follows its data: prices are whole at the snapshot, and the stream brings one with cents. */
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
import { COMPACTION_KINDS } from "../../src/aws/contracts/steps.ts";
import { knownDrift } from "../../src/aws/known-drift.ts";
import { tableEntryPath } from "../../src/core/format/deployment-path.ts";
import { tableDrift } from "../../src/core/overlay/drift.ts";
import { itemsStatement } from "../../src/core/overlay/items.ts";
import { requireTable } from "../../src/core/table/open-table.ts";
import { deployStacks } from "./support/deploy.ts";
import { type AwsEmulator, startEmulator } from "./support/emulator.ts";
import { DeployedTable, type StoredItem, until } from "./support/reviews.ts";

let emulator: AwsEmulator;
let orders: DeployedTable;

const order = (id: string, price: string): StoredItem => ({ Id: { S: id }, Price: { N: price } });

beforeAll(async () => {
  emulator = await startEmulator({ iam: true });
  await makeTable([order("a", "10"), order("b", "20")]);
  await deploy();
  orders = await DeployedTable.open(emulator, "DynalakeOrders");
});

afterAll(async () => {
  orders?.close();
  await emulator?.stop();
});

async function makeTable(items: readonly StoredItem[]): Promise<void> {
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
  const PointInTimeRecoverySpecification = { PointInTimeRecoveryEnabled: true };
  await client.send(
    new UpdateContinuousBackupsCommand({ TableName: "Orders", PointInTimeRecoverySpecification }),
  );
  for (const Item of items) await client.send(new PutItemCommand({ TableName: "Orders", Item }));
  client.destroy();
}

async function deploy(): Promise<void> {
  const file = join(emulator.folder, "orders.json");
  const attributes = { Id: { type: "string" }, Price: { type: "bigint" }, Tags: { type: "array<string>" } };
  const key = { hash: "Id" };
  await writeFile(
    file,
    JSON.stringify({ table: "orders", source: "Orders", key, evolve: "types", attributes }),
  );
  await deployStacks(emulator, {
    app: "node_modules/.bin/tsx infra/app.ts",
    context: { example: "false", table: "Orders", schema: file },
  });
}

/** In place of waiting for 30 minutes: as if the schema had been deployed with no time to settle. */
async function settleAtOnce(): Promise<void> {
  const { store } = orders.lake;
  const path = tableEntryPath(orders.deployment.source, "orders");
  const entry = JSON.parse(new TextDecoder().decode(await store.read(path))) as object;
  await store.replace(path, Buffer.from(JSON.stringify({ ...entry, schemaSettleSeconds: 0 })));
}

const compact = (scope = "grown") => orders.run("compaction", { scope, settleSeconds: 0 });

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

async function prices(): Promise<unknown> {
  const [row] = await orders.rows("SELECT CAST(sum(price) AS varchar) AS sum, count(*) AS items FROM orders");
  return row;
}

test("what a compaction finds is in SQL once its column is in Glue for long enough", async () => {
  await orders.seeded();
  await orders.put(order("c", "29.99"));
  await itemsAreThoseOfTheTable();
  expect(await prices()).toEqual({ sum: "30", items: 3 });
  expect(await compact()).toMatchObject({ output: { done: ["minor"] } });
  // Firehose may not know it yet.
  expect(await compact()).toMatchObject({ output: { done: [] } });
  await settleAtOnce();
  expect(await compact()).toMatchObject({ output: { done: ["schema"] } });
  expect(await prices()).toEqual({ sum: "59.9900", items: 3 });
});

test("the stream writes the new column, and nothing is hidden any more", async () => {
  await orders.renew("stream");
  await orders.put(order("d", "0.01"));
  await itemsAreThoseOfTheTable();
  expect(await prices()).toEqual({ sum: "60.0000", items: 4 });
  expect(await compact("all")).toMatchObject({ output: { done: ["minor", "major"] } });
  expect(await prices()).toEqual({ sum: "60.0000", items: 4 });
  await itemsAreThoseOfTheTable();
  const { store, engine } = orders.lake;
  expect(await tableDrift(engine, await requireTable(store, "orders"))).toEqual([]);
});

test("the same file deployed again, and a snapshot, take nothing back", async () => {
  await deploy();
  expect(await orders.run("snapshot")).toMatchObject({ output: { outcome: "committed", items: 4 } });
  expect(await prices()).toEqual({ sum: "60.0000", items: 4 });
  await itemsAreThoseOfTheTable();
  expect(await emulator.denials()).toEqual([]);
});

async function texts(): Promise<unknown> {
  return orders.rows("SELECT id, price__text FROM orders WHERE price__text IS NOT NULL ORDER BY id");
}

test("one number that no decimal holds keeps no other from its column, and is text beside it", async () => {
  await settleAtOnce();
  await orders.put(order("e", "0.1234567"), order("f", "1E+60"));
  await itemsAreThoseOfTheTable();
  expect(await compact()).toMatchObject({ output: { done: ["minor"] } });
  // What the new column still does not hold is found, and shown, as soon as there is that column.
  expect(await compact()).toMatchObject({ output: { done: ["schema", "texts"] } });
  expect(await prices()).toEqual({ sum: "60.12345670000", items: 6 });
  expect(await texts()).toEqual([{ id: "f", price__text: `1${"0".repeat(60)}` }]);
  expect(await emulator.denials()).toEqual([]);
});

test("a decimal reaches further behind the point as far as values leave digits before it, which are counted", async () => {
  await orders.put(order("r", "0.1234567890123456789012345"));
  await itemsAreThoseOfTheTable();
  expect(await compact()).toMatchObject({ output: { done: ["minor"] } });
  expect(await compact()).toMatchObject({ output: { done: ["schema"] } });
  expect(await prices()).toEqual({ sum: "60.24691348901234567890123450000", items: 7 });
  await itemsAreThoseOfTheTable();
  expect(await emulator.denials()).toEqual([]);
});

test("values of another kind are text as well, and in the history", async () => {
  const N = "-0.00012";
  await orders.put(
    { Id: { S: "g" }, Price: { S: "N/A" } },
    { Id: { S: "h" }, Price: { L: [{ N }, { B: Buffer.from([0, 1, 255]) }, { M: { a: { BOOL: true } } }] } },
    { Id: { S: "i" }, Price: { NULL: true } },
  );
  await itemsAreThoseOfTheTable();
  expect(await compact()).toMatchObject({ output: { done: ["minor"] } });
  const list = `["${N}","AAH/",{"a":true}]`;
  const found = [
    { id: "f", price__text: `1${"0".repeat(60)}` },
    { id: "g", price__text: "N/A" },
    { id: "h", price__text: list },
  ];
  expect(await texts()).toEqual(found);
  expect(
    await orders.rows("SELECT id, price__text FROM orders_history WHERE price__text IS NOT NULL ORDER BY id"),
  ).toEqual(found);
  expect(await emulator.denials()).toEqual([]);
});

/** What a function publishes, from the end of its log. */
async function published(handler: string, event: unknown): Promise<string> {
  const { said, log } = await orders.invokeLogged(handler, event);
  expect(said).toHaveProperty("answer");
  return log;
}

/** The end of a compaction, which has nothing left to do. */
const END = { table: "orders", scope: "grown", settleSeconds: 0, done: COMPACTION_KINDS };

test("values that neither a column nor text shows are drift since their first look, and published at its end and hourly", async () => {
  const look = { step: "look" };
  for (const log of [await published("source", look), await published("plan-compaction", END)])
    expect(log).not.toContain("HiddenValues");
  await orders.put({ Id: { S: "j" }, Tags: { S: "none" }, Note: { S: "has no column" } });
  await itemsAreThoseOfTheTable();
  const beforeSeconds = Math.floor(Date.now() / 1000);
  expect(await compact()).toMatchObject({ output: { done: ["minor"] } });
  const { store } = orders.lake;
  const drift = await knownDrift(store, await requireTable(store, "orders"));
  const texts = drift.map(({ attribute, column }) => [attribute, column?.text]);
  expect(texts.sort()).toEqual([
    ["Note", undefined],
    ["Price", "price__text"],
    ["Tags", undefined],
  ]);
  const tags = drift.find(({ attribute }) => attribute === "Tags");
  expect(tags).toMatchObject({ hidden: 1, types: { S: 1 } });
  expect(tags?.sinceSeconds).toBeGreaterThanOrEqual(beforeSeconds);
  for (const log of [await published("source", look), await published("plan-compaction", END)]) {
    expect(log).toContain('"HiddenValues":1');
    expect(log).toContain('"LakeTable":"orders"');
  }
  expect(await orders.rows("SELECT table_name, drift, is_whole FROM dynalake_tables")).toEqual([
    { table_name: "orders", drift: "Price", is_whole: true },
  ]);
  expect(await emulator.denials()).toEqual([]);
});
