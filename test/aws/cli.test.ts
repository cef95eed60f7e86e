/** The command line on the deployed example, as a user runs it. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { FirehoseClient, PutRecordBatchCommand } from "@aws-sdk/client-firehose";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { rowCodec } from "../../src/core/row/row.ts";
import { changeLine, lineWriter } from "../../src/core/row/wire-line.ts";
import { requireTable } from "../../src/core/table/open-table.ts";
import { quarantineRecords } from "../../src/core/table/quarantine.ts";
import { itemText, readItem } from "../../src/core/values/attribute-value.ts";
import { type Ended, expectRefused } from "../support/cli.ts";
import { dynalakeProcess, startDynalakeProcess } from "../support/cli-process.ts";
import { answerLines, consoleSession } from "../support/console-session.ts";
import { lineText } from "../support/line-text.ts";
import { deployStacks } from "./support/deploy.ts";
import { type AwsEmulator, startEmulator } from "./support/emulator.ts";
import { DeployedTable, type Review, until } from "./support/reviews.ts";

const STACK = "DynalakeReviews";

let emulator: AwsEmulator;
let reviews: DeployedTable;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "dynalake-test-"));
  emulator = await startEmulator();
  await deployStacks(emulator, { app: "node_modules/.bin/tsx infra/app.ts" });
  reviews = await DeployedTable.open(emulator, STACK);
});

afterAll(async () => {
  reviews?.close();
  await emulator?.stop();
  await rm(folder, { recursive: true, force: true });
});

const options = () => ({ env: emulator.environment, secondsMax: 120 });
const onStack = (args: readonly string[]): readonly string[] => [...args, "--stack", STACK];
const ended = (...args: readonly string[]): Promise<Ended> => dynalakeProcess(onStack(args), options());

/** The output of a command that succeeded. */
async function done(...args: readonly string[]): Promise<string> {
  const end = await ended(...args);
  expect({ args, ...end }).toMatchObject({ args, code: 0 });
  return end.stdout;
}

const rowsOf = async (sql: string, ...more: readonly string[]): Promise<unknown> =>
  JSON.parse(await done("query", sql, "--format", "json", ...more));

function review(user: string, attributes: Review = {}): Review {
  return { User: { S: user }, Book: { S: "Dune" }, ...attributes };
}

async function cliItems(...more: readonly string[]): Promise<readonly string[]> {
  const lines = (await done("items", ...more)).trimEnd().split("\n");
  return lines.map((line) => line.slice('{"Item":'.length, -1)).sort();
}

/** Waits, because changes take a moment from the stream to the bucket. */
async function lakeEqualsTable(): Promise<void> {
  const expected = await reviews.scanned();
  await until("the lake has the table's items", async () =>
    JSON.stringify(await reviews.items()) === JSON.stringify(expected) ? true : undefined,
  );
}

test("the first snapshot is told by status, and its items are those of a scan", async () => {
  await reviews.put(
    ...Array.from({ length: 12 }, (_, i) =>
      review(`user ${String(i).padStart(2, "0")}`, {
        Rating: { N: String(i % 5) },
        Author: { S: i % 2 === 0 ? "J.K. Rowling" : 'Frank "Dune" Herbert\'s' },
        ...(i % 3 === 0 ? { Extra: { N: "12345678901234567890.123456789" } } : {}),
      }),
    ),
  );
  await reviews.seeded();
  // The first one may have been taken before all of these items were there.
  expect(await reviews.run("snapshot")).toMatchObject({ output: { outcome: "committed" } });
  await lakeEqualsTable();
  const { lake, tables } = JSON.parse(await done("status", "--json"));
  expect(lake).toBe(`s3://${reviews.deployment.bucket}`);
  expect(tables).toMatchObject([
    { table: "reviews", health: "healthy", rows: 12, delivery: { state: "Enabled" } },
  ]);
  expect(await done("status")).toMatch(/rows {8}12\n[\s\S]*stream {6}read by Lambda: enabled/);
  expect(await cliItems()).toEqual(await reviews.scanned());
});

const VALUES = `SELECT "user", rating, CAST(9007199254740993 AS bigint) AS big, CAST(1.10 AS decimal(5,2)) AS exact,
  TIMESTAMP '2026-11-23 01:02:03.450' AS at, DATE '2026-11-23' AS day, from_hex('005C41') AS raw, 1.5e-7 AS real, rating > 3 AS high,
  CAST(NULL AS varchar) AS none FROM reviews WHERE "user" IN ('user 00', 'user 04') ORDER BY "user" -- ; the end`;

test("a query prints what the embedded one prints, in each format", async () => {
  const heads = '"user","rating","big","exact","at","day","raw","real","high","none"';
  expect(await done("query", VALUES, "--format", "json")).toBe(
    `[
{"user":"user 00","rating":0,"big":9007199254740993,"exact":1.10,"at":"2026-11-23T01:02:03.45Z","day":"2026-11-23","raw":"\\\\x00\\\\x5CA","real":1.5e-7,"high":false,"none":null},
{"user":"user 04","rating":4,"big":9007199254740993,"exact":1.10,"at":"2026-11-23T01:02:03.45Z","day":"2026-11-23","raw":"\\\\x00\\\\x5CA","real":1.5e-7,"high":true,"none":null}
]
`,
  );
  expect(await done("query", VALUES, "--format", "csv")).toBe(
    `${heads.replaceAll('"', "")}
user 00,0,9007199254740993,1.10,2026-11-23 01:02:03.45,2026-11-23,\\x00\\x5CA,1.5e-7,false,
user 04,4,9007199254740993,1.10,2026-11-23 01:02:03.45,2026-11-23,\\x00\\x5CA,1.5e-7,true,
`,
  );
  expect(await done("query", "SELECT count(*) AS n, max(rating) AS most FROM reviews;")).toBe(
    `┌────┬──────┐
│ n  │ most │
├────┼──────┤
│ 12 │ 4    │
└────┴──────┘
1 row
`,
  );
  expect(await done("query", "SHOW TABLES", "--format", "csv")).toContain("reviews_history\n");
  for (const sql of ["DROP VIEW reviews", "SELECT 1; SELECT 2", "", "SELECT nothing FROM reviews"])
    expectRefused(await ended("query", sql), { code: "SQL_FAILED", names: [] });
});

test("a query and the items of a time show what was then, a user's own WITH included", async () => {
  const thenSeconds = Math.floor(Date.now() / 1000);
  const before = await reviews.scanned();
  await until("the clock has gone on", async () => (Date.now() / 1000 > thenSeconds + 1 ? true : undefined));
  await reviews.put(review("later", { Author: { S: "J.K. Rowling" } }));
  await reviews.remove(review("user 00"), review("user 01"));
  await lakeEqualsTable();
  const asOf = ["--as-of", String(thenSeconds)];
  const count = 'SELECT count(*) AS n FROM reviews r JOIN "reviews" USING ("user", book)';
  expect(await rowsOf(count)).toEqual([{ n: 11 }]);
  expect(await rowsOf(count, ...asOf)).toEqual([{ n: 12 }]);
  const own = "WITH known AS (SELECT author FROM Reviews) SELECT count(*) AS n FROM known";
  expect(await rowsOf(own)).toEqual([{ n: 11 }]);
  expect(await rowsOf(own, ...asOf)).toEqual([{ n: 12 }]);
  expect(await rowsOf("SELECT count(*) AS n FROM reviews_snapshots", ...asOf)).toEqual([{ n: 12 }]);
  expect(await cliItems(...asOf)).toEqual(before);
  expect(await cliItems()).toEqual(await reviews.scanned());
  expectRefused(await ended("query", "SELECT * FROM dynalake.reviews", ...asOf), {
    code: "USAGE",
    names: ["dynalake.reviews"],
  });
});

test("the console shows the deployment, the versions of an item, and answers that are read again for a file", async () => {
  const ui = startDynalakeProcess(onStack(["ui", "--port", "0"]), options());
  const page = await consoleSession(new URL((await ui.printed("\n")).trim()));
  expect(await (await page.ask("/api/lake")).json()).toMatchObject({
    place: { kind: "stack", name: STACK },
    tables: [{ name: "reviews", health: "healthy", areRowsCounted: false }],
    findings: [],
  });
  const relations = await (await page.ask("/api/relations")).json();
  expect(relations).toContainEqual({
    name: "reviews",
    columns: expect.arrayContaining([expect.objectContaining({ name: "user" })]),
  });
  const item = await page.post("/api/item", { table: "reviews", key: { user: "user 03", book: "Dune" } });
  expect(await item.json()).toMatchObject({
    isPresent: true,
    versions: expect.arrayContaining([
      expect.objectContaining({ values: expect.objectContaining({ user: "user 03" }) }),
    ]),
  });
  const sql = `SELECT "user" FROM reviews WHERE "user" IN ('user 03', 'user 04') ORDER BY 1`;
  const lines = await answerLines(await page.post("/api/statements", { sql }));
  expect(lines).toMatchObject([
    { columns: [{ name: "user" }] },
    { rows: [["user 03"], ["user 04"]] },
    { end: { rows: 2 } },
  ]);
  expect(await (await page.post("/api/files", { sql, format: "csv" })).text()).toBe(
    "user\nuser 03\nuser 04\n",
  );
  ui.signal("SIGINT");
  await ui.ended;
}, 180_000);

test("an export has the rows that a query has, and a restore puts the items into a new table, to the last digit", async () => {
  const out = join(folder, "exported");
  const columns = ["user", "book", "rating", "author"];
  const told = await ended("export", "--out", out, "--format", "jsonl");
  expect(told).toMatchObject({ code: 0 });
  expect(told.stderr).toMatch(/Athena reads at most [\d,]+ bytes of "reviews": less than \$0\.01/);
  const lines = (await readFile(join(out, "reviews.jsonl"), "utf8")).trimEnd().split("\n");
  const sorted = (rows: readonly Readonly<Record<string, unknown>>[]): readonly string[] =>
    rows.map((row) => JSON.stringify(columns.map((name) => row[name]))).sort();
  const queried = await rowsOf(`SELECT ${columns.map((name) => `"${name}"`).join(", ")} FROM reviews`);
  expect(sorted(lines.map((line) => JSON.parse(line)))).toEqual(sorted(queried as never));
  const history = join(folder, "history");
  await done("export", "--out", history, "--history", "--format", "csv");
  expect(await readFile(join(history, "reviews.csv"), "utf8")).toMatch(/,_version,.*,dt,hr\n/);

  const restore = ["restore", "--to", "ReviewsAgain", "--work-dir", join(folder, "work"), "--json"];
  const restored = JSON.parse(await done(...restore));
  expect(restored).toMatchObject({ result: "identical", items: 11, written: 11, makesTable: true });
  expect(await reviews.scanned("ReviewsAgain")).toEqual(await reviews.scanned());

  const place = ["--to-s3", `s3://${reviews.deployment.bucket}/imports`, "--work-dir", join(folder, "work")];
  const written = JSON.parse(await done("restore", "--to", "ReviewsImported", ...place, "--json"));
  expect(written).toMatchObject({ table: "reviews", items: 11 });
  const { store } = reviews.lake;
  const files = (await store.list("imports/")).filter(({ path }) => path.endsWith(".json.gz"));
  const texts = await Promise.all(files.map(async ({ path }) => gunzipSync((await store.read(path)) ?? "")));
  const imported = texts.flatMap((text) => text.toString("utf8").trimEnd().split("\n"));
  const items = imported.map((line) => itemText(readItem(JSON.parse(line).Item)));
  expect(items.sort()).toEqual(await reviews.scanned());
  expect(await store.list("_athena/unload-")).toEqual([]);
});

test("a compaction prints what it has done, and changes no item", async () => {
  const told = JSON.parse(await done("compact", "--all", "--settle-seconds", "0", "--json"));
  expect(told).toMatchObject({
    table: "reviews",
    runs: [
      { kind: "minor", rows: expect.any(Number) },
      { kind: "major", rows: 11 },
    ],
  });
  expect(await done("compact")).toBe("reviews: nothing to compact\n");
  await lakeEqualsTable();
});

const record = (user: string, sequence: string, attributes: Review = {}) => ({
  eventName: "INSERT",
  eventSourceARN: `${reviews.deployment.sourceTableArn}/stream/2026`,
  dynamodb: {
    ApproximateCreationDateTime: Math.floor(Date.now() / 1000),
    Keys: review(user),
    NewImage: review(user, attributes),
    SequenceNumber: sequence,
    StreamViewType: "NEW_AND_OLD_IMAGES",
  },
});

/** Sends Firehose a row that it cannot convert, along with a good one. Firehose then writes an error object. */
async function failConversion(): Promise<void> {
  const schema = (await requireTable(reviews.lake.store, "reviews")).schema;
  const key = readItem(review("unconverted"));
  const good = changeLine(lineWriter(rowCodec(schema)), {
    operation: "INSERT",
    key: [key.User, key.Book] as never,
    version: "9".repeat(39).padStart(40, "0"),
    changedAtSeconds: Math.floor(Date.now() / 1000),
    expired: false,
    item: { ...key, Rating: { N: "3" } },
    before: undefined,
  });
  const client = new FirehoseClient(emulator.client);
  const Records = [{ Data: Buffer.from(`${lineText(good)}{"rating":\n`) }];
  const DeliveryStreamName = reviews.deployment.deliveryStream;
  await client.send(new PutRecordBatchCommand({ DeliveryStreamName, Records }));
  client.destroy();
}

test("what was put aside is replayed from the bucket, once, and is gone from there", async () => {
  const { store } = reviews.lake;
  const { bucket, eventSourceMapping } = reviews.deployment;
  const raw = JSON.stringify(record("quarantined", "900"));
  const detail = "The cause was fixed.";
  const kept = { reason: "unreadable-time", detail, source: "a test", arrivedAtSeconds: 1, raw } as const;
  await quarantineRecords(store, "reviews", [kept]);
  const batch = { Records: [record("failed", "901", { Rating: { N: "2" } })] };
  const failedBatch = `aws/lambda/${eventSourceMapping}/shardId-1/2026/11/23/2026-11-23T01.02.03-x`;
  const onFailure = {
    requestContext: { condition: "RetryAttemptsExhausted" },
    payload: JSON.stringify(batch),
  };
  await store.replace(failedBatch, Buffer.from(JSON.stringify(onFailure)));
  await failConversion();
  await until("Firehose has written what it could not convert", async () =>
    (await store.list("reviews/errors/")).length > 0 ? true : undefined,
  );
  const { tables } = JSON.parse(await done("status", "--json"));
  expect(tables).toMatchObject([
    {
      health: "undelivered",
      undelivered: { failedBatches: 1, unconverted: 1, waiting: 0 },
      quarantine: { [kept.reason]: 1 },
    },
  ]);
  expect(await done("status")).toContain(`see \`dynalake quarantine list --stack ${STACK}\``);
  const { groups } = JSON.parse(await done("quarantine", "list", "--json"));
  expect(groups).toMatchObject([{ table: "reviews", reason: kept.reason, records: 1 }]);
  expect(await done("quarantine", "show")).toContain('"SequenceNumber": "900"');

  const folders = ["reviews/quarantine/", `aws/lambda/${eventSourceMapping}/`];
  const addresses = folders.map((path) => `s3://${bucket}/${path}`);
  expect(JSON.parse(await done("replay", ...addresses, "--json"))).toEqual({
    table: "reviews",
    rows: 2,
    quarantined: 0,
    olderThanHeld: 0,
    skipped: 0,
    olderThanSnapshot: 0,
    otherSources: [],
  });
  // One of its two lines is not a row: it goes to quarantine, and the file is removed.
  const partly = await ended("replay", `s3://${bucket}/reviews/errors/`);
  expect(partly).toMatchObject({ code: 3, stdout: 'Replayed 1 change into "reviews"\n' });
  expect(partly.stderr).toContain(`s3://${bucket}/reviews/quarantine/`);
  expect(await store.list("reviews/errors/")).toEqual([]);
  expect(await store.list(`aws/lambda/${eventSourceMapping}/`)).toEqual([]);
  const left = (await store.list("reviews/quarantine/")).map(({ path }) => path);
  expect(left).toEqual([expect.stringMatching(/^reviews\/quarantine\/not-json\//)]);
  expect(await ended("quarantine", "repair")).toMatchObject({
    code: 3,
    stdout: 'Replayed 0 changes into "reviews"\n',
  });
  expect((await store.list("reviews/quarantine/")).map(({ path }) => path)).toEqual(left);

  const local = join(folder, "batch.json");
  await writeFile(local, JSON.stringify(batch));
  for (const _ of [1, 2]) expect(await done("replay", local)).toContain("Replayed 1 change");
  const replayed = `SELECT "user", rating FROM reviews WHERE "user" IN ('quarantined', 'failed', 'unconverted') ORDER BY 1`;
  await until("Firehose has written them", async () =>
    JSON.stringify(await rowsOf(replayed)) ===
    '[{"user":"failed","rating":2},{"user":"quarantined","rating":null},{"user":"unconverted","rating":3}]'
      ? true
      : undefined,
  );
  await store.remove(left);
});

test("objects that are none of the table's are refused", async () => {
  const { bucket } = reviews.deployment;
  const other = JSON.stringify({
    ...record("a", "1"),
    eventSourceARN: "arn:aws:dynamodb:x:1:table/Other/stream/1",
  });
  await reviews.lake.store.replace("recordings/other.json", Buffer.from(other));
  const refused: readonly (readonly [string, "USAGE" | "INPUT_INVALID", string])[] = [
    ["s3://elsewhere/x.json", "USAGE", bucket],
    [`s3://${bucket}/orders/quarantine/no-key/x.jsonl`, "USAGE", '"orders"'],
    [`s3://${bucket}/recordings/other.json`, "INPUT_INVALID", "table/Other"],
    [`s3://${bucket}/recordings/none.json`, "INPUT_INVALID", "none.json"],
    [`s3://${bucket}/none/`, "INPUT_INVALID", "no objects"],
    [`s3://${bucket}/reviews/manifest/`, "INPUT_INVALID", "no stream records"],
  ];
  for (const [file, code, names] of refused)
    expectRefused(await ended("replay", file), { code, names: [names] });
  await reviews.lake.store.remove(["recordings/other.json"]);
});

test("a snapshot is followed to its end, tells its failure, and can be left alone", async () => {
  const snapshot = await ended("snapshot", "--json");
  expect(snapshot).toMatchObject({ code: 0 });
  const items = (await reviews.scanned()).length;
  expect(JSON.parse(snapshot.stdout)).toEqual({
    table: "reviews",
    items,
    skipped: 0,
    quarantined: 0,
    manifest: expect.any(Number),
  });
  expect(snapshot.stderr).toMatch(/Started the snapshot of "reviews": arn:aws:states:\S+/);

  await emulator.faults.failExports(1);
  expectRefused(await ended("snapshot"), {
    code: "SOURCE_FAILED",
    names: ["EXPORT_FAILED"],
    next: "describe",
  });

  const left = startDynalakeProcess(onStack(["snapshot"]), options());
  await left.told("Started the snapshot");
  left.signal("SIGINT");
  const told = await left.ended;
  expect(told).toMatchObject({ signal: "SIGINT", stdout: "" });
  expect(told.stderr).toMatch(/error INCOMPLETE: .*still running[\s\S]*describe-execution/);
  const [, arn = ""] = /--execution-arn (\S+?)`/.exec(told.stderr) ?? [];
  expect(await reviews.ended(arn)).toMatchObject({ status: "SUCCEEDED" });
});

test("vacuum leaves what is needed", async () => {
  const vacuum = ["vacuum", "--retention-hours", "0", "--grace-hours", "0"];
  const told = JSON.parse(await done(...vacuum, "--json"));
  expect(told).toMatchObject({ table: "reviews" });
  expect(told.manifests).toBeGreaterThan(3);
  expect(told.files).toBeGreaterThan(0);
  expect(told.bytes).toBeGreaterThan(0);
  expect(await done(...vacuum)).toBe("reviews: removed 0 files (0 bytes) and 0 manifests\n");
  expect(await rowsOf("SELECT count(*) AS n FROM reviews WHERE author IS NOT NULL")).toEqual([{ n: 11 }]);
});
