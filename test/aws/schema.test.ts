/** An existing table, deployed by name and then again with another column, whose past values come from `_unmapped`. */
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
import type { AttributeFile } from "../../src/core/schema/schema.ts";
import { dynalakeProcess } from "../support/cli-process.ts";
import { deployStacks } from "./support/deploy.ts";
import { type AwsEmulator, startEmulator } from "./support/emulator.ts";
import { DeployedTable, until } from "./support/reviews.ts";

const STACK = "DynalakeOrders";

let emulator: AwsEmulator;
let orders: DeployedTable;

const FIRST: Record<string, AttributeFile> = { Id: { type: "string" }, Total: { type: "decimal(10,2)" } };

beforeAll(async () => {
  emulator = await startEmulator();
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
  // The first snapshot begins as soon as the stack is deployed.
  for (const Item of [order("a", "1.25", { Note: { S: "in the snapshot" } }), order("b", "2")])
    await client.send(new PutItemCommand({ TableName: "Orders", Item }));
  client.destroy();
}

async function deploy(attributes: Record<string, AttributeFile>): Promise<void> {
  const schema = join(emulator.folder, "orders.json");
  await writeFile(
    schema,
    JSON.stringify({ table: "orders", source: "Orders", key: { hash: "Id" }, attributes }),
  );
  await deployStacks(emulator, {
    app: "node_modules/.bin/tsx infra/app.ts",
    context: { example: "false", table: "Orders", schema },
  });
}

async function lakeEqualsTable(): Promise<void> {
  const expected = await orders.scanned();
  let shown: readonly string[] = [];
  await until("the lake has the table's items", async () => {
    shown = await orders.items();
    return JSON.stringify(shown) === JSON.stringify(expected) ? true : undefined;
  }).catch(() => expect(shown).toEqual(expected));
}

const compact = (scope = "grown") => orders.run("compaction", { scope, settleSeconds: 0 });

/** In place of waiting for 30 minutes: as if the schema had been deployed with no time to settle. */
async function settleAtOnce(): Promise<void> {
  const { store } = orders.lake;
  const path = tableEntryPath(orders.deployment.source, "orders");
  const entry = JSON.parse(new TextDecoder().decode(await store.read(path))) as object;
  await store.replace(path, Buffer.from(JSON.stringify({ ...entry, schemaSettleSeconds: 0 })));
}

const order = (id: string, total: string, more: object = {}) => ({
  Id: { S: id },
  Total: { N: total },
  ...more,
});
const NOTES = "SELECT id, note FROM orders ORDER BY id";

test("values of what is not declared lie in _unmapped, in base and change log", async () => {
  await orders.seeded();
  await orders.put(order("c", "3", { Note: { S: "in a delta" } }));
  await lakeEqualsTable();
  expect(await compact()).toMatchObject({ output: { done: ["minor"] } });
  await orders.put(order("d", "4", { Note: { S: "in the log" } }));
  await lakeEqualsTable();
  await expect(orders.rows(NOTES)).rejects.toMatchObject({ code: "SQL_FAILED" });
});

test("a deployed column waits until Firehose surely has it, and everything goes on", async () => {
  await deploy({ Id: { type: "string" }, Note: { type: "string" }, ...FIRST });
  await orders.put(order("e", "5", { Note: { S: "while it waits" } }));
  await lakeEqualsTable();
  expect(await compact()).toMatchObject({ output: { done: ["minor"] } });
  await lakeEqualsTable();
  await expect(orders.rows(NOTES)).rejects.toMatchObject({ code: "SQL_FAILED" });
});

test("then it is there, old and new rows right, its past recovered from _unmapped", async () => {
  await settleAtOnce();
  const compacted = await dynalakeProcess(["compact", "--settle-seconds", "0", "--stack", STACK], {
    env: emulator.environment,
    secondsMax: 120,
  });
  expect(compacted).toMatchObject({ code: 0, stdout: "orders: took on the deployed schema\n" });
  const notes = [
    { id: "a", note: "in the snapshot" },
    { id: "b", note: null },
    { id: "c", note: "in a delta" },
    { id: "d", note: "in the log" },
    { id: "e", note: "while it waits" },
  ];
  expect(await orders.rows(NOTES)).toEqual(notes);
  await orders.put(
    order("f", "6", { Note: { S: "after it" } }),
    order("b", "2.5", { Note: { S: "changed" } }),
  );
  await lakeEqualsTable();
  const after = [...notes, { id: "f", note: "after it" }];
  after[1] = { id: "b", note: "changed" };
  expect(await orders.rows(NOTES)).toEqual(after);
  expect(await orders.rows("SELECT count(*) AS n FROM orders_history WHERE note = 'in the log'")).toEqual([
    { n: 1 },
  ]);
  expect(await orders.rows("SELECT id, note FROM orders_snapshots ORDER BY id")).toEqual([
    { id: "a", note: "in the snapshot" },
    { id: "b", note: null },
  ]);
  expect(await compact("all")).toMatchObject({ output: { done: ["minor", "major"] } });
  expect(await orders.rows(NOTES)).toEqual(after);
  await lakeEqualsTable();
});

test("a key of another kind is refused before anything is deployed, and the lake goes on", async () => {
  await expect(deploy({ ...FIRST, Id: { type: "bigint" }, Note: { type: "string" } })).rejects.toThrow(
    /error SCHEMA_INVALID: .*orders\.json cannot change the existing table "orders": attributes\.Id\.type: it is already string/,
  );
  await orders.put(order("g", "7"));
  await lakeEqualsTable();
});
