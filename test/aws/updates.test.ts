/** A deployment of an earlier version is updated in place: the same answers, no new snapshot, and nothing that holds data is replaced. */
import { DescribeDeliveryStreamCommand, FirehoseClient } from "@aws-sdk/client-firehose";
import { GetTableCommand } from "@aws-sdk/client-glue";
import { LambdaClient, ListEventSourceMappingsCommand } from "@aws-sdk/client-lambda";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { storedTableName } from "../../src/aws/contracts/glue-tables.ts";
import { tableEntryPath } from "../../src/core/format/deployment-path.ts";
import { tableStatus } from "../../src/core/status/status.ts";
import { latestManifest } from "../../src/core/table/commits.ts";
import { requireTable } from "../../src/core/table/open-table.ts";
import { KEPT_DEPLOYMENT, KEPT_TABLES } from "../support/kept-deployment.ts";
import { deployStacks } from "./support/deploy.ts";
import { type AwsEmulator, sharedEmulator } from "./support/emulator.ts";
import { DeployedTable, type StoredItem } from "./support/reviews.ts";

const APP = "node_modules/.bin/tsx test/aws/support/kept-app.ts";

let emulator: AwsEmulator;
let tables: readonly DeployedTable[] = [];

beforeAll(async () => {
  emulator = await sharedEmulator();
  await deployStacks(emulator, { app: `${APP} ${KEPT_DEPLOYMENT}` });
  tables = await Promise.all(KEPT_TABLES.map((name) => DeployedTable.open(emulator, "KeptTables", name)));
});

afterAll(() => {
  for (const table of tables) table.close();
});

const item = (id: string, total: string): StoredItem => ({
  Id: { S: id },
  Total: { N: total },
  Note: { S: `note of ${id}` },
});

const first = (): DeployedTable => tables[0] as DeployedTable;

async function allBecomeEqual(): Promise<void> {
  for (const table of tables) await table.becomesEqual();
}

/** What a table is known by, and what it has been asked so far. */
async function seenOf({ deployment, lake }: DeployedTable): Promise<Readonly<Record<string, unknown>>> {
  const { database, deliveryStream, source, table } = deployment;
  const firehose = new FirehoseClient(emulator.client);
  const { DeliveryStreamDescription: stream } = await firehose.send(
    new DescribeDeliveryStreamCommand({ DeliveryStreamName: deliveryStream }),
  );
  firehose.destroy();
  const stored = (["changes", "segments", "staging"] as const).map((kind) => storedTableName(table, kind));
  const glueTables = await Promise.all(
    stored.map((Name) => lake.clients.glue.send(new GetTableCommand({ DatabaseName: database, Name }))),
  );
  const entry = JSON.parse(
    new TextDecoder().decode(await lake.store.read(tableEntryPath(source, table))),
  ) as { readonly served: unknown };
  const { snapshots } = await latestManifest(lake.store, table);
  return {
    stream: [stream?.DeliveryStreamARN, stream?.CreateTimestamp],
    glueTables: glueTables.map(({ Table }) => [Table?.Name, Table?.CreateTime]),
    served: entry.served,
    snapshots,
    history: await lake.engine.rows(
      `SELECT id, _op, _version FROM "${table}_history" WHERE dt >= '2000-01-01' ORDER BY _version`,
    ),
    past: await lake.engine.rows(`SELECT * FROM "${table}_snapshots" ORDER BY 1`),
  };
}

async function mappings(): Promise<readonly unknown[]> {
  const lambda = new LambdaClient(emulator.client);
  const { EventSourceMappings = [] } = await lambda.send(new ListEventSourceMappingsCommand({}));
  lambda.destroy();
  return EventSourceMappings.filter(({ FunctionArn }) => FunctionArn?.includes("dynalake-kept-")).map(
    ({ UUID, StartingPosition }) => [UUID, StartingPosition],
  );
}

test("the newest version is deployed over the templates of an earlier one", async () => {
  await first().put(item("one", "1.5"), item("two", "2"), item("three", "3"));
  // The first one is taken by itself, and may have been before the items were there.
  for (const table of tables) {
    await table.seeded();
    expect(await table.run("snapshot")).toMatchObject({ output: { outcome: "committed" } });
  }
  await first().put(item("two", "20"), item("four", "4"));
  await first().remove({ Id: { S: "three" } });
  await allBecomeEqual();
  for (const table of tables)
    expect(await table.compacted()).toMatchObject({ output: { outcome: "succeeded" } });
  await first().put(item("five", "5"));
  await allBecomeEqual();

  const items = await Promise.all(tables.map((table) => table.items()));
  const before = await Promise.all(tables.map(seenOf));
  const mapped = await mappings();
  expect(mapped).toHaveLength(1);
  for (const { history, past } of before) {
    expect(history).toHaveLength(7);
    expect(past).toHaveLength(3);
  }
  await deployStacks(emulator, { app: APP });
  expect(await Promise.all(tables.map((table) => table.items()))).toEqual(items);
  expect(await Promise.all(tables.map(seenOf))).toEqual(before);
  expect(await mappings()).toEqual(mapped);
});

test("afterwards everything goes on", async () => {
  await first().put(item("six", "6"), item("two", "200"));
  await first().remove({ Id: { S: "one" } });
  await allBecomeEqual();
  for (const table of tables) {
    expect(await table.compacted()).toMatchObject({ output: { outcome: "succeeded" } });
    await table.invoke("source", { step: "look" });
    const { deployment, lake } = table;
    const { engine, store } = lake;
    const opened = await requireTable(store, deployment.table);
    const { mappingIds } = deployment;
    const status = await tableStatus({ engine, store, mappingIds }, opened, Math.floor(Date.now() / 1000));
    expect(status).toMatchObject({ health: "healthy", openGaps: [] });
    expect(opened.manifest.snapshots).toHaveLength(1);
  }
  const told = await first().rows("SELECT table_name, is_whole FROM dynalake_tables ORDER BY table_name");
  expect(told).toEqual(KEPT_TABLES.toSorted().map((table_name) => ({ table_name, is_whole: true })));
  expect(await first().run("snapshot")).toMatchObject({ output: { outcome: "committed" } });
  await allBecomeEqual();
});

test("nothing needed a permission that it does not have", async () => {
  for (const stack of ["KeptLake", "KeptTables"]) expect(await emulator.denials(stack)).toEqual([]);
});
