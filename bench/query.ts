/**
 * Queries of a lake against the same statements over its base files alone, by the same engine, in pairs: what it costs that the
 * rows are those of now. A hundredth of the items has changed; the changes lie in the change log first, then in deltas.
 * `npm run bench:query -- [items] [pairs]`
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { literal } from "../src/core/ports/dialect.ts";
import { type Lake, openLake } from "../src/index.ts";
import { filesOf, makeLake, recordedChanges, userOf } from "./made-lake.ts";
import { median } from "./timed-process.ts";

const items = Number(process.argv[2] ?? 1_000_000);
const pairs = Number(process.argv[3] ?? 5);
const changes = Math.round(items / 100);
const COMPACTIONS = 10;

const STATEMENTS: Readonly<Record<string, (table: string) => string>> = {
  "count(*)": (table) => `SELECT count(*) FROM ${table}`,
  aggregate: (table) => `SELECT count(*), avg(rating), sum(price), max(reviewedat) FROM ${table}`,
  "group by": (table) =>
    `SELECT author, count(*) AS n, avg(rating) FROM ${table} GROUP BY author ORDER BY n DESC LIMIT 10`,
  "lookup by key": (table) => `SELECT * FROM ${table} WHERE "user" = '${userOf(Math.floor(items / 3))}'`,
  "LIKE over text": (table) => `SELECT count(*) FROM ${table} WHERE review LIKE '%word77%'`,
};

const folder = await mkdtemp(join(tmpdir(), "dynalake-bench-"));
try {
  await makeLake(join(folder, "lake"), items);
  const base = await filesOf(join(folder, "lake"), "base");
  await using lake = await openLake(join(folder, "lake"));
  console.log(`${items.toLocaleString("en-US")} items, medians of ${pairs} pairs`);
  await lake.replay([{ name: "changes", content: recordedChanges(items, 0, changes) }]);
  await compare(lake, base, `${changes.toLocaleString("en-US")} changes in the change log`);
  const each = Math.round(changes / COMPACTIONS);
  for (let i = 0; i < COMPACTIONS; i++) {
    await lake.replay([{ name: "changes", content: recordedChanges(items, changes + i * each, each) }]);
    await lake.table("reviews").compact();
  }
  await compare(lake, base, `after ${COMPACTIONS} minor compactions`);
  await lake.table("reviews").compact({ all: true });
  const after = await filesOf(join(folder, "lake"), "base");
  await compare(lake, after, "everything folded into the base");
} finally {
  await rm(folder, { recursive: true, force: true });
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
