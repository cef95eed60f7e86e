/**
 * Queries of a lake against the same statements over its base files alone, by the same engine, in pairs: what it costs that the
 * rows are those of now. A hundredth of the items has changed; the changes lie in the change log first, then in deltas.
 * `npm run bench:query -- [items] [pairs]`
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { seed } from "../src/core/compaction/seed.ts";
import { segmentFolder } from "../src/core/format/lake-path.ts";
import { baseSegments, type Manifest } from "../src/core/format/manifest.ts";
import { literal } from "../src/core/ports/dialect.ts";
import { parseSchema } from "../src/core/schema/schema.ts";
import { latestManifest } from "../src/core/table/commits.ts";
import { writeSchema } from "../src/core/table/schema-file.ts";
import { DEFAULT_LIMITS, openLakeFolder } from "../src/embedded/folder/lake-folder.ts";
import { folderStore } from "../src/files/folder-store.ts";
import { type Lake, openLake } from "../src/index.ts";
import { newRunId, nowSeconds } from "../src/sdk/new-run-id.ts";
import { median } from "./timed-process.ts";

const items = Number(process.argv[2] ?? 1_000_000);
const pairs = Number(process.argv[3] ?? 5);
const changes = Math.round(items / 100);
const COMPACTIONS = 10;

const SCHEMA = {
  table: "reviews",
  source: "Reviews",
  key: { hash: "User" },
  attributes: {
    User: { type: "string" },
    Rating: { type: "int" },
    Price: { type: "decimal(10,2)" },
    Author: { type: "string" },
    ReviewedAt: { type: "timestamp", format: "epoch_millis" },
    Review: { type: "string" },
  },
} as const;

const user = (i: number): string => `user-${String(i).padStart(9, "0")}`;

const STATEMENTS: Readonly<Record<string, (table: string) => string>> = {
  "count(*)": (table) => `SELECT count(*) FROM ${table}`,
  aggregate: (table) => `SELECT count(*), avg(rating), sum(price), max(reviewedat) FROM ${table}`,
  "group by": (table) =>
    `SELECT author, count(*) AS n, avg(rating) FROM ${table} GROUP BY author ORDER BY n DESC LIMIT 10`,
  "lookup by key": (table) => `SELECT * FROM ${table} WHERE "user" = '${user(Math.floor(items / 3))}'`,
  "LIKE over text": (table) => `SELECT count(*) FROM ${table} WHERE review LIKE '%word77%'`,
};

const folder = await mkdtemp(join(tmpdir(), "dynalake-bench-"));
try {
  const base = await filledLake(join(folder, "lake"));
  await using lake = await openLake(join(folder, "lake"));
  console.log(`${items.toLocaleString("en-US")} items, medians of ${pairs} pairs`);
  await lake.replay([{ name: "changes", content: recordedChanges(0, changes) }]);
  await compare(lake, base, `${changes.toLocaleString("en-US")} changes in the change log`);
  const each = Math.round(changes / COMPACTIONS);
  for (let i = 0; i < COMPACTIONS; i++) {
    await lake.replay([{ name: "changes", content: recordedChanges(changes + i * each, each) }]);
    await lake.table("reviews").compact();
  }
  await compare(lake, base, `after ${COMPACTIONS} minor compactions`);
  await lake.table("reviews").compact({ all: true });
  const after = await basesOf(join(folder, "lake"));
  await compare(lake, after, "everything folded into the base");
} finally {
  await rm(folder, { recursive: true, force: true });
}

/** A snapshot whose items the engine makes up; the result is its base's files. */
async function filledLake(root: string): Promise<readonly string[]> {
  const lake = await openLakeFolder(root, DEFAULT_LIMITS, new AbortController().signal);
  try {
    const schema = parseSchema(SCHEMA, "the bench's schema");
    await writeSchema(lake.store, schema);
    const manifest = await seed({
      store: lake.store,
      engine: lake.engine,
      schema,
      run: newRunId(),
      staged: `(SELECT *, substr(sha256('S\\x00\\x00\\x00\\x0E'::BLOB || encode("user")), 1, 32) AS _key FROM (SELECT
printf('user-%09d', range) AS "user", CAST(range % 5 + 1 AS INTEGER) AS rating, CAST(range % 9973 AS VARCHAR) || '.25' AS price,
'author ' || CAST(hash(range) % 5000 AS VARCHAR) AS author, strftime(make_timestamp(1600000000000000 + range * 1000000), '%Y-%m-%dT%H:%M:%SZ') AS reviewedat,
'word' || list_aggregate(list_transform(range(20), n -> CAST(hash(range * 20 + n) % 100000 AS VARCHAR)), 'string_agg', ' word') AS review,
CAST(NULL AS VARCHAR) AS _unmapped FROM range(${items})))`,
      items,
      exportTimeSeconds: nowSeconds() - 3600,
      cutSeconds: nowSeconds() - 3600,
      deliveryDelaySeconds: 0,
      snapshotsKept: 1,
      nowSeconds,
    });
    return filesOf(root, manifest);
  } finally {
    await lake.close();
  }
}

async function basesOf(root: string): Promise<readonly string[]> {
  return filesOf(root, await latestManifest(folderStore(root), "reviews"));
}

function filesOf(root: string, manifest: Manifest): readonly string[] {
  return baseSegments(manifest).map(({ run, part }) =>
    join(root, segmentFolder("reviews", run, part), "rows.parquet"),
  );
}

/** Lines of stream records: of ten changes eight modify an item, one removes one, and one inserts one. */
function recordedChanges(from: number, count: number): string {
  const at = nowSeconds() - 30;
  const lines: string[] = [];
  for (let i = from; i < from + count; i++) {
    const kind = i % 10;
    // A prime step meets every item once before it meets one again.
    const n = kind === 9 ? items + i : (i * 7_368_787) % items;
    const Keys = { User: { S: user(n) } };
    const NewImage = {
      ...Keys,
      Rating: { N: "3" },
      Price: { N: "1.5" },
      Author: { S: `author ${i % 5000}` },
      ReviewedAt: { N: "1700000000000" },
      Review: { S: "word1 word2 word3 ".repeat(10) },
    };
    const dynamodb = {
      Keys,
      SequenceNumber: String(i + 1),
      ApproximateCreationDateTime: at,
      ...(kind === 8 ? {} : { NewImage }),
    };
    lines.push(
      JSON.stringify({ eventName: kind === 8 ? "REMOVE" : kind === 9 ? "INSERT" : "MODIFY", dynamodb }),
    );
  }
  return lines.join("\n");
}

interface Measured {
  readonly wallMs: number;
  readonly cpuSeconds: number;
}

async function measured(work: () => Promise<unknown>): Promise<Measured> {
  const [began, cpu] = [performance.now(), process.cpuUsage()];
  await work();
  const { user: inUser, system } = process.cpuUsage(cpu);
  return { wallMs: performance.now() - began, cpuSeconds: (inUser + system) / 1e6 };
}

async function compare(lake: Lake, base: readonly string[], title: string): Promise<void> {
  console.log(`\n${title}`);
  console.log(
    `${"".padEnd(18)}${["lake ms", "cpu s", "base ms", "cpu s", "wall", "cpu"].map((name) => name.padStart(10)).join("")}`,
  );
  const plain = `read_parquet([${base.map(literal).join(", ")}])`;
  for (const [name, statement] of Object.entries(STATEMENTS)) {
    const runs: { ours: Measured; theirs: Measured }[] = [];
    for (let pair = 0; pair <= pairs; pair++) {
      const ours = await measured(() => lake.query(statement("reviews")).all());
      const theirs = await measured(() => plainly(statement(plain)));
      if (pair > 0) runs.push({ ours, theirs });
    }
    const cell = (value: (run: (typeof runs)[number]) => number, digits: number): string =>
      median(runs.map(value)).toFixed(digits).padStart(10);
    console.log(
      name.padEnd(18) +
        cell(({ ours }) => ours.wallMs, 0) +
        cell(({ ours }) => ours.cpuSeconds, 2) +
        cell(({ theirs }) => theirs.wallMs, 0) +
        cell(({ theirs }) => theirs.cpuSeconds, 2) +
        cell(({ ours, theirs }) => ours.wallMs / theirs.wallMs, 2) +
        cell(({ ours, theirs }) => ours.cpuSeconds / theirs.cpuSeconds, 2),
    );
  }
}

/** In an instance of its own, as a query of the lake is. */
async function plainly(statement: string): Promise<void> {
  const instance = await DuckDBInstance.create(":memory:", { threads: "2" });
  try {
    const connection = await instance.connect();
    await connection.runAndReadAll(statement);
    connection.closeSync();
  } finally {
    instance.closeSync();
  }
}
