/**
 * Makes a small lake with a released version of dynalake, and writes down what that version said about it. The lake stays in
 * test/fixtures, where test/integration/earlier-version.test.ts opens it with the code of today.
 *
 *     npx tsx scripts/make-lake-fixture.ts CHECKOUT FOLDER
 *
 * CHECKOUT is a checkout of that version with its packages installed, FOLDER is the fixture, for example
 * test/fixtures/lake-0.1.0. The script needs a DynamoDB emulator, which the repository's packages bring for Linux.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { argv, env, execPath } from "node:process";
import { setTimeout as pause } from "node:timers/promises";
import { DeleteItemCommand, DeleteTableCommand, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { createReviewsTable, type WrittenSource } from "../src/demo/reviews-table.ts";
import { startEmulator } from "../src/emulator/emulator.ts";
import { connectSource } from "../src/source/source-connection.ts";
import {
  change,
  DAY_1,
  DAY_2,
  FIRST_SNAPSHOT,
  type Item,
  ORDERS,
  order,
  PROFILES,
  profile,
  QUERIES,
  SCHEMAS,
  SECOND_SNAPSHOT,
  TIME_TO_LIVE,
} from "./lake-fixture/data.ts";
import { writeExport } from "./lake-fixture/write-export.ts";

const [checkout, folder] = argv.slice(2).map((path) => resolve(path));
if (checkout === undefined || folder === undefined)
  throw new Error("Usage: npx tsx scripts/make-lake-fixture.ts CHECKOUT FOLDER");

const lake = join(folder, "lake");
const expected = join(folder, "expected");
const scratch = mkdtempSync(join(tmpdir(), "dynalake-fixture-"));

/** The secret of the masked column. The fixture's README and its test name it, too. */
const MASK_KEY = "the mask key of the fixture";

const emulator = await startEmulator();
const connection = connectSource({ endpoint: emulator.endpoint });
try {
  rmSync(lake, { recursive: true, force: true });
  rmSync(expected, { recursive: true, force: true });
  mkdirSync(expected, { recursive: true });
  const moments = [await makeReviews(connection), await makeShop()];
  makeVisits();
  writeExpectations(moments);
} finally {
  connection.close();
  await emulator.stop();
  rmSync(scratch, { recursive: true, force: true });
}

/** Follows a table on the emulator: position, beginning and source; a column declared late; a gap that is still open. */
async function makeReviews(source: WrittenSource): Promise<Moment> {
  const { client } = source;
  const put = (user: string, book: string, more: Item): Promise<unknown> =>
    client.send(
      new PutItemCommand({ TableName: "Reviews", Item: { User: { S: user }, Book: { S: book }, ...more } }),
    );
  const remove = (user: string, book: string): Promise<unknown> =>
    client.send(
      new DeleteItemCommand({ TableName: "Reviews", Key: { User: { S: user }, Book: { S: book } } }),
    );
  const follow = ["run", "--once", "--lake", lake];
  const from = ["--source", "Reviews", "--endpoint", emulator.endpoint];

  await createReviewsTable(source);
  await put("ann", "Mort", {
    Rating: { N: "5" },
    Author: { S: "Terry Pratchett" },
    Tags: { SS: ["b", "a"] },
  });
  await put("ann", "Emma", { Rating: { N: "4.5" }, Author: { S: "Jane Austen" } });
  await put("bob", "Dune", { Rating: { N: "3" }, Author: { N: "7" } });
  await put("cem", "Kafka on the Shore", { Author: { S: "Haruki Murakami" }, Note: { NULL: true } });
  dynalake(["snapshot", ...from, "--schema", schemaFile("narrowReviews"), "--lake", lake]);
  await put("bob", "Dune", { Rating: { N: "4" }, Author: { S: "Frank Herbert" } });
  await put("dan", "Emma", { Rating: { N: "2" }, Tags: { L: [{ S: "x" }] } });
  await remove("cem", "Kafka on the Shore");
  dynalake([...follow, "--no-compact"]);
  dynalake(["compact", "--table", "reviews", "--lake", lake]);
  const past = await quietSecond("reviews");
  dynalake([...follow, ...from, "--no-compact", "--schema", schemaFile("reviews")]);
  await put("eve", "Rocannon's World", { Rating: { N: "5" }, Author: { S: "Ursula K. Le Guin" } });
  await remove("ann", "Emma");
  await put("bob", "Dune", { Rating: { N: "5" }, Author: { S: "Frank Herbert" }, Tags: { SS: ["desert"] } });
  dynalake([...follow, "--no-compact"]);

  await client.send(new DeleteTableCommand({ TableName: "Reviews" }));
  await createReviewsTable(source);
  await put("fay", "Mort", { Rating: { N: "4" } });
  dynalake([...follow, "--no-compact"], 3);
  return past;
}

/** Two lake tables of one export and its recorded changes; a second snapshot repairs a gap in the first one of them. */
async function makeShop(): Promise<Moment> {
  take("orders", FIRST_SNAPSHOT, [...PROFILES, ...ORDERS]);
  take("customers", FIRST_SNAPSHOT, [...PROFILES, ...ORDERS]);
  const at = FIRST_SNAPSHOT + 600;
  replayShop("early", [
    change(100, at, "MODIFY", ORDERS[1] as Item, order("c1", 2, DAY_2, { total: { N: "7" } })),
    change(101, at + 1, "INSERT", undefined, order("c2", 5, DAY_2 + 5, { total: { N: "8.25" } })),
    change(102, at + 2, "REMOVE", ORDERS[3] as Item, undefined),
    change(103, at + 3, "MODIFY", PROFILES[2] as Item, profile("c3", { Email: { S: "cem@example.com" } })),
  ]);
  dynalake(["compact", "--table", "orders", "--lake", lake]);
  dynalake(["compact", "--table", "customers", "--lake", lake]);
  const past = await quietSecond("orders");

  writeJson(join(lake, "orders", "gaps", "trimmed.json"), {
    reason: "trimmed",
    detail: "records of a shard are gone",
    foundAtSeconds: at + 30,
    lostUntilSeconds: at + 20,
  });
  retakeOrders();
  const later = SECOND_SNAPSHOT + 600;
  changeShopLater(later);
  replayUnreadable();
  leaveWhatDeploymentsLeave(later);
  return past;
}

function take(name: "orders" | "customers", at: number, items: readonly Item[]): void {
  const exported = join(scratch, `${name}-${at}`);
  writeExport(exported, at, items);
  dynalake(["snapshot", "--from-export", exported, "--schema", schemaFile(name), "--lake", lake]);
}

function replayShop(name: string, records: readonly object[]): void {
  const path = join(scratch, `${name}.json`);
  writeFileSync(path, JSON.stringify({ Records: records }));
  for (const table of ["orders", "customers"]) dynalake(["replay", path, "--name", table, "--lake", lake]);
}

function retakeOrders(): void {
  take("orders", SECOND_SNAPSHOT, [
    ...ORDERS.slice(0, 1),
    order("c1", 2, DAY_2, { total: { N: "7" } }),
    ...ORDERS.slice(2, 3),
    order("c2", 5, DAY_2 + 5, { total: { N: "8.25" } }),
    order("c4", 6, DAY_1, { total: { N: "100" }, due: { S: "2026-12-24" } }),
  ]);
}

/** Changes before and after a last compaction. */
function changeShopLater(later: number): void {
  const before5 = order("c2", 5, DAY_2 + 5, { total: { N: "8.25" } });
  const after5 = order("c2", 5, DAY_1 + 5, { total: { N: "9" }, gift: { BOOL: true } });
  const order7 = order("c5", 7, DAY_1, { total: { N: "1" } });
  replayShop("later", [
    change(200, later, "MODIFY", before5, after5),
    change(201, later + 1, "INSERT", undefined, order7),
    { ...change(202, later + 2, "REMOVE", PROFILES[3] as Item, undefined), userIdentity: TIME_TO_LIVE },
  ]);
  dynalake(["compact", "--table", "orders", "--all", "--lake", lake]);
  dynalake(["compact", "--table", "customers", "--lake", lake]);
  replayShop("last", [
    { ...change(300, later + 900, "REMOVE", order7, undefined), userIdentity: TIME_TO_LIVE },
    change(301, later + 901, "INSERT", undefined, order("c5", 8, DAY_2, { total: { N: "2" } })),
    change(302, later + 902, "INSERT", undefined, profile("c6", { Email: { S: "ann@example.com" } })),
  ]);
}

/** A record without a whole key goes to quarantine. */
function replayUnreadable(): void {
  const keyless = {
    eventName: "INSERT",
    dynamodb: { SequenceNumber: "400", NewImage: { SK: { S: "ORDER#9" } } },
  };
  const path = join(scratch, "keyless.json");
  writeFileSync(path, JSON.stringify({ Records: [keyless] }));
  dynalake(["replay", path, "--name", "orders", "--lake", lake], 3);
}

/** What only a deployment leaves, as it leaves it: the last check of the stream, a failed batch, a row that was not converted. */
function leaveWhatDeploymentsLeave(later: number): void {
  writeJson(join(lake, "customers", "watch.json"), {
    format: 1,
    streamArn: "arn:aws:dynamodb:eu-west-1:111122223333:table/Shop/stream/2026-11-01T00:00:00.000",
    seenReadingSeconds: later,
    lookedSeconds: later + 900,
    sinceSeconds: FIRST_SNAPSHOT,
  });
  const joined = profile("c7", { joined: { S: "2026-11-21" } });
  const failed = change(500, later + 950, "INSERT", undefined, joined);
  const mapping = "0f0e0d0c-0b0a-4908-8706-050403020100";
  writeJson(join(lake, "aws", "lambda", mapping, "failed-batch.json"), {
    requestContext: { condition: "RetryAttemptsExhausted", approximateInvokeCount: 101 },
    version: "1.0",
    DDBStreamBatchInfo: { batchSize: 1 },
    payload: JSON.stringify({ Records: [failed] }),
  });
  const unconverted = { _op: "INSERT", _version: "600", _key: "no hash", customer: "c8" };
  writeJson(join(lake, "customers", "errors", "format-conversion-failed-1"), {
    attemptsMade: 1,
    lastErrorCode: "DataFormatConversion.ParseError",
    rawData: Buffer.from(`${JSON.stringify(unconverted)}\n`).toString("base64"),
  });
}

/** A table without a snapshot: its state is what its changes say. */
function makeVisits(): void {
  const record = (sequence: number, id: number, page: string): object => ({
    eventName: "INSERT",
    dynamodb: {
      ApproximateCreationDateTime: FIRST_SNAPSHOT + sequence,
      Keys: { Id: { N: String(id) } },
      NewImage: { Id: { N: String(id) }, page: { S: page } },
      SequenceNumber: String(sequence),
    },
  });
  const path = join(scratch, "visits.jsonl");
  const records = [record(1, 1, "/"), record(2, 2, "/books"), record(3, 1, "/about")];
  writeFileSync(path, records.map((each) => `${JSON.stringify(each)}\n`).join(""));
  dynalake(["replay", path, "--schema", schemaFile("visits"), "--lake", lake]);
}

/** A time for `--as-of`, between two commits of a table. */
interface Moment {
  readonly table: string;
  readonly time: string;
}

/** A whole second in which nothing else happens. */
async function quietSecond(table: string): Promise<Moment> {
  const second = Math.floor(Date.now() / 1000) + 1;
  await pause((second + 1) * 1000 - Date.now());
  return { table, time: new Date(second * 1000).toISOString() };
}

function itemLines({ table, time }: { readonly table: string; readonly time?: string }): readonly string[] {
  const asOf = time === undefined ? [] : ["--as-of", time];
  const text = dynalake(["items", "--table", table, ...asOf, "--lake", lake]);
  return text.split("\n").filter((line) => line !== "");
}

function writeExpectations(moments: readonly Moment[]): void {
  const tables = readdirSync(lake).filter((name) => Object.hasOwn(SCHEMAS, name));
  for (const table of tables.sort()) {
    const text = itemLines({ table }).map((line) => `${line}\n`);
    writeFileSync(join(expected, `${table}.jsonl`), text.join(""));
  }
  const asOf = moments.map((moment) => ({ ...moment, items: itemLines(moment) }));
  writeJson(join(expected, "as-of.json"), asOf);
  const queries = QUERIES.map((sql) => {
    const text = dynalake(["query", sql, "--format", "json", "--lake", lake]);
    const rows = text.trim().split("\n").slice(1, -1);
    return { sql, rows: rows.map((line) => line.replace(/,$/, "")) };
  });
  writeJson(join(expected, "queries.json"), queries);
  const { tables: status } = JSON.parse(dynalake(["status", "--json", "--lake", lake]));
  // How far behind a reader is depends on when the question is asked.
  for (const { stream } of status) if (stream !== undefined) delete stream.behindSeconds;
  writeJson(join(expected, "status.json"), status);
}

/** Runs a command of the released version; throws where its exit code is another than the expected one. */
function dynalake(args: readonly string[], code = 0): string {
  const ended = spawnSync(execPath, [join(checkout as string, "bin", "dynalake.js"), ...args], {
    encoding: "utf8",
    env: { ...env, DYNALAKE_MASK_KEY: MASK_KEY, AWS_REGION: "eu-west-1" },
  });
  if (ended.status !== code) throw new Error(`${args.join(" ")} ended with ${ended.status}: ${ended.stderr}`);
  return ended.stdout;
}

function schemaFile(name: keyof typeof SCHEMAS): string {
  const path = join(scratch, `${name}.json`);
  writeFileSync(path, readableJson(SCHEMAS[name]));
  return path;
}

function writeJson(path: string, value: unknown): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, path.startsWith(expected) ? readableJson(value) : `${JSON.stringify(value)}\n`);
}

function readableJson(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

/** The version that made the lake, for people who read the output. */
const { version } = JSON.parse(readFileSync(join(checkout, "package.json"), "utf8"));
console.log(`made a lake with dynalake ${version} in ${folder}`);
