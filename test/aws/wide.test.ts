/** Twenty lake tables of six sources in one stack: each source is read and exported once, and a table fails, comes and goes alone. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DynamoDBClient, ListExportsCommand } from "@aws-sdk/client-dynamodb";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import type { TableEntry } from "../../src/aws/contracts/registry.ts";
import { tableEntryPath } from "../../src/core/format/deployment-path.ts";
import { tableStatus } from "../../src/core/status/status.ts";
import { requireTable } from "../../src/core/table/open-table.ts";
import { readStreamBeginning, saveStreamBeginning } from "../../src/core/table/stream-beginning.ts";
import { waitingPaths } from "../../src/core/table/waiting-paths.ts";
import { dynalakeProcess } from "../support/cli-process.ts";
import { deployStacks } from "./support/deploy.ts";
import { type AwsEmulator, startEmulator } from "./support/emulator.ts";
import { DeployedTable, type StoredItem, until } from "./support/reviews.ts";

let emulator: AwsEmulator;
const opened: DeployedTable[] = [];

/** The source tables with their lake tables. */
const SOURCES = {
  Source1: ["a1", "a2", "a3", "a4"],
  Source2: ["b1", "b2", "b3", "b4"],
  Source3: ["c1", "c2", "c3"],
  Source4: ["d1", "d2", "d3"],
  Source5: ["e1", "e2", "e3"],
  Source6: ["f1", "f2", "f3"],
} as const;

type Sources = Readonly<Record<string, readonly string[]>>;

async function deploy(sources: Sources): Promise<void> {
  const folder = join(emulator.folder, "wide");
  await mkdir(folder, { recursive: true });
  const schemaFile = async (table: string, source: string): Promise<string> => {
    const path = join(folder, `${table}.json`);
    const attributes = { Id: { type: "string" }, N: { type: "int" } };
    await writeFile(path, JSON.stringify({ table, source, key: { hash: "Id" }, attributes }));
    return path;
  };
  const all = Object.entries(sources).map(async ([name, tables]) => ({
    name,
    schemaFiles: await Promise.all(tables.map((table) => schemaFile(table, name))),
  }));
  const file = join(folder, "sources.json");
  await writeFile(file, JSON.stringify(await Promise.all(all)));
  await deployStacks(emulator, { app: `node_modules/.bin/tsx test/aws/support/wide-app.ts ${file}` });
}

async function open(table: string): Promise<DeployedTable> {
  const one = await DeployedTable.open(emulator, "Wide", table);
  opened.push(one);
  return one;
}

const item = (id: string, n: number): StoredItem => ({ Id: { S: id }, N: { N: String(n) } });

beforeAll(async () => {
  emulator = await startEmulator({ iam: true });
  await deploy(SOURCES);
});

afterAll(async () => {
  for (const one of opened) one.close();
  await emulator?.stop();
});

/** As if the table had been served since so long. */
/** As if the table were served for so long; a look that came earlier may have written down where its reading began. */
async function servedFor(table: DeployedTable, seconds: number): Promise<void> {
  const fromSeconds = Math.floor(Date.now() / 1000) - seconds;
  const path = tableEntryPath(table.deployment.source, table.deployment.table);
  const { store } = table.lake;
  const entry = JSON.parse(new TextDecoder().decode(await store.read(path))) as TableEntry;
  const served = entry.served.map((interval, i) =>
    i < entry.served.length - 1 ? interval : { ...interval, fromSeconds },
  );
  await store.replace(path, Buffer.from(JSON.stringify({ ...entry, served })));
  await table.invoke("source", { step: "look" });
  const beginning = await readStreamBeginning(store, table.deployment.table);
  if (beginning !== undefined)
    await saveStreamBeginning(store, table.deployment.table, {
      ...beginning,
      servedFromSeconds: fromSeconds,
    });
}

async function statusOf({ deployment, lake }: DeployedTable) {
  const { engine, store } = lake;
  const { mappingIds } = deployment;
  const now = Math.floor(Date.now() / 1000);
  return tableStatus({ engine, store, mappingIds }, await requireTable(store, deployment.table), now);
}

test("all tables are seeded by themselves, of one export for each source, and follow its stream", async () => {
  const client = new DynamoDBClient(emulator.client);
  for (const [source, names] of Object.entries(SOURCES)) {
    const tables = await Promise.all(names.map(open));
    await tables[0]?.put(item("one", 1), item("two", 2));
    for (const table of tables) await table.seeded();
    const TableArn = tables[0]?.deployment.sourceTableArn;
    const { ExportSummaries = [] } = await client.send(new ListExportsCommand({ TableArn }));
    expect([source, ExportSummaries.length]).toEqual([source, 1]);
    await tables[0]?.remove({ Id: { S: "two" } });
    for (const table of tables) await table.becomesEqual();
  }
  client.destroy();
  const { store } = (opened[0] as DeployedTable).lake;
  expect(await store.list("_exports/")).toEqual([]);
}, 900_000);

test("a table whose Firehose takes nothing has its changes wait, and the others of its source go on", async () => {
  const [failing, other] = [await open("a1"), await open("a2")];
  await emulator.faults.failPuts({ calls: 10_000, stream: failing.deployment.deliveryStream });
  await other.put(item("waits", 1));
  await other.becomesEqual();
  const { store } = failing.lake;
  await until("it waits", async () => ((await waitingPaths(store, "a1")).length > 0 ? true : undefined));
  expect(await statusOf(failing)).toMatchObject({ health: "undelivered", openGaps: [] });
  expect(await statusOf(other)).toMatchObject({ health: "healthy" });
  await emulator.faults.clear();
  await failing.invoke("tick", {});
  await failing.becomesEqual();
  expect(await waitingPaths(store, "a1")).toEqual([]);
});

test("a batch that failed for good is replayed to every table of its source", async () => {
  const tables = [await open("b1"), await open("b2")];
  const { bucket, eventSourceMapping } = (tables[0] as DeployedTable).deployment;
  const dynamodb = {
    ApproximateCreationDateTime: Math.floor(Date.now() / 1000),
    Keys: { Id: { S: "failed" } },
    NewImage: item("failed", 3),
    SequenceNumber: "900000000000000000000000000001",
    StreamViewType: "NEW_AND_OLD_IMAGES",
  };
  const batch = { Records: [{ eventName: "INSERT", eventSource: "aws:dynamodb", dynamodb }] };
  const time = new Date().toISOString().slice(0, 19).replaceAll(":", ".");
  const path = `aws/lambda/${eventSourceMapping}/shardId-1/${time}-x`;
  const { store } = (tables[0] as DeployedTable).lake;
  await store.replace(path, Buffer.from(JSON.stringify({ payload: JSON.stringify(batch) })));
  const replayed = await dynalakeProcess(
    ["replay", `s3://${bucket}/${path}`, "--name", "b1", "--stack", "Wide"],
    { env: emulator.environment, secondsMax: 120 },
  );
  expect(replayed).toMatchObject({ code: 0 });
  for (const table of tables) {
    const sql = `SELECT n FROM ${table.deployment.table} WHERE id = 'failed'`;
    await until("the row is there", async () => ((await table.rows(sql)).length > 0 ? true : undefined));
  }
  expect(await store.read(path)).toBeUndefined();
});

test("a table that is added has a beginning and a snapshot of its own", async () => {
  await deploy({ ...SOURCES, Source3: [...SOURCES.Source3, "c4"] });
  const [added, other] = [await open("c4"), await open("c1")];
  await added.put(item("before it is served", 1));
  await other.becomesEqual();
  expect(await added.executions("snapshot")).toEqual([]);
  await servedFor(added, 600);
  await added.invoke("tick", {});
  await added.seeded();
  await added.renew("stream");
  await added.put(item("after its snapshot", 2));
  await added.becomesEqual();
  await added.invoke("source", { step: "look" });
  expect(await statusOf(added)).toMatchObject({ health: "healthy", openGaps: [] });
});

test("a table that is removed and added again lacks what was changed in between, until its next snapshot", async () => {
  const { Source3: _, ...others } = SOURCES;
  const removed = await open("c4");
  await deploy({ ...others, Source3: SOURCES.Source3 });
  const other = await open("c1");
  await other.renew("stream");
  await other.put(item("while it is away", 3));
  await other.becomesEqual();
  await deploy({ ...others, Source3: [...SOURCES.Source3, "c4"] });
  const again = await open("c4");
  await again.renew("stream");
  await again.invoke("source", { step: "look" });
  expect(await statusOf(again)).toMatchObject({ health: "gap", openGaps: [{ reason: "started-late" }] });
  await servedFor(again, 600);
  expect(await again.run("snapshot")).toMatchObject({ output: { outcome: "committed" } });
  await again.becomesEqual();
  expect(await removed.items()).toEqual(await again.items());
});

test("nothing needed a permission that it does not have", async () => {
  expect(await emulator.denials("Wide")).toEqual([]);
});
