/**
 * Queries of a lake in turn with the same statements over its base files alone, by the same engine: what it costs that the rows are
 * the current ones. A hundredth of the items has changed; the changes are in the change log first, then in deltas.
 * `npm run bench:query -- [items] [pairs]`
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { literal } from "../../src/core/ports/dialect.ts";
import { type Lake, openLake } from "../../src/index.ts";
import { withScratchFolder } from "../cache-folder.ts";
import { filesOf, MADE_TABLE, makeLake, recordedChanges, userOf } from "../data/made-lake.ts";
import { inTurn } from "../measuring/in-turn.ts";
import type { Report } from "../part.ts";
import { barChart } from "../plots/bar-chart.ts";
import { counted, textTable } from "../report/text-table.ts";
import { median, pairRatios } from "../statistics.ts";

const COMPACTIONS = 10;

type Statements = Readonly<Record<string, (table: string) => string>>;

function statementsOf(items: number): Statements {
  return {
    "count(*)": (table) => `SELECT count(*) FROM ${table}`,
    aggregate: (table) => `SELECT count(*), avg(rating), sum(price), max(reviewedat) FROM ${table}`,
    "group by": (table) =>
      `SELECT author, count(*) AS n, avg(rating) FROM ${table} GROUP BY author ORDER BY n DESC LIMIT 10`,
    "lookup by key": (table) => `SELECT * FROM ${table} WHERE "user" = '${userOf(Math.floor(items / 3))}'`,
    "LIKE over text": (table) => `SELECT count(*) FROM ${table} WHERE review LIKE '%word77%'`,
  };
}

interface Measured {
  readonly wallMs: number;
  readonly cpuSeconds: number;
  readonly megabytesRead: number;
}

/** One statement on a lake in one state, pair by pair. */
interface Compared {
  readonly state: string;
  readonly statement: string;
  readonly lake: readonly Measured[];
  readonly base: readonly Measured[];
}

export async function queryPart([itemCount = "1000000", pairs = "5"]: readonly string[]): Promise<Report> {
  const items = Number(itemCount);
  const all = await withScratchFolder((folder) => comparedStates(join(folder, "lake"), items, Number(pairs)));
  const states = [...new Set(all.map(({ state }) => state))];
  const tables = states.map(
    (state) => `\n${state}\n${stateTable(all.filter((each) => each.state === state))}`,
  );
  return {
    text: [`${counted(items)} items, medians of ${pairs} pairs`, ...tables].join("\n"),
    ratios: Object.fromEntries(
      all.map(({ state, statement, lake, base }) => [
        `${statement}, ${state}: lake / base files, CPU`,
        pairRatios(each(lake, "cpuSeconds"), each(base, "cpuSeconds")),
      ]),
    ),
    plots: {
      "query-time": stateChart(all, "wallMs", {
        title: "Time of a query by the state of the lake",
        label: "ms",
      }),
      "query-bytes": stateChart(all, "megabytesRead", {
        title: "Megabytes that a query reads by the state of the lake",
        label: "MB",
      }),
    },
  };
}

async function comparedStates(folder: string, items: number, pairs: number): Promise<readonly Compared[]> {
  const changes = Math.round(items / 100);
  await makeLake(folder, items);
  await using lake = await openLake(folder);
  const all: Compared[] = [];
  const compare = async (state: string): Promise<void> => {
    console.error(`query: ${state}`);
    all.push(...(await compared(lake, await filesOf(folder, "base"), state, statementsOf(items), pairs)));
  };
  await lake.replay([{ name: "changes", content: recordedChanges(items, 0, changes) }]);
  await compare(`${counted(changes)} changes in the change log`);
  const each = Math.round(changes / COMPACTIONS);
  for (let i = 0; i < COMPACTIONS; i++) {
    await lake.replay([{ name: "changes", content: recordedChanges(items, changes + i * each, each) }]);
    await lake.table(MADE_TABLE).compact();
  }
  await compare(`after ${COMPACTIONS} minor compactions`);
  await lake.table(MADE_TABLE).compact({ all: true });
  await compare("everything folded into the base");
  return all;
}

async function compared(
  lake: Lake,
  base: readonly string[],
  state: string,
  statements: Statements,
  pairs: number,
): Promise<readonly Compared[]> {
  const plain = `read_parquet([${base.map(literal).join(", ")}])`;
  const all: Compared[] = [];
  for (const [statement, sqlOn] of Object.entries(statements)) {
    const jobs = {
      lake: () => measured(() => lake.query(sqlOn(MADE_TABLE)).all()),
      base: () => measured(() => queryPlainly(sqlOn(plain))),
    };
    all.push({ state, statement, ...(await inTurn(jobs, pairs)) });
  }
  return all;
}

async function measured(work: () => Promise<unknown>): Promise<Measured> {
  const [began, cpu, bytes] = [performance.now(), process.cpuUsage(), await bytesRead()];
  await work();
  const { user, system } = process.cpuUsage(cpu);
  return {
    wallMs: performance.now() - began,
    cpuSeconds: (user + system) / 1e6,
    megabytesRead: ((await bytesRead()) - bytes) / 1e6,
  };
}

/** Bytes that this process has read so far, from the file cache too. Linux only. */
async function bytesRead(): Promise<number> {
  return Number(/rchar: (\d+)/.exec(await readFile("/proc/self/io", "utf8"))?.[1]);
}

/** In an instance of its own, as a query of the lake is. */
async function queryPlainly(statement: string): Promise<void> {
  const instance = await DuckDBInstance.create(":memory:", { threads: "2" });
  try {
    const connection = await instance.connect();
    await connection.runAndReadAll(statement);
    connection.closeSync();
  } finally {
    instance.closeSync();
  }
}

function each(runs: readonly Measured[], what: keyof Measured): readonly number[] {
  return runs.map((run) => run[what]);
}

function stateTable(all: readonly Compared[]): string {
  const heads = ["", "lake ms", "CPU s", "MB read", "base ms", "CPU s", "MB read", "wall", "CPU"];
  const rows = all.map(({ statement, lake, base }) => {
    const cells = [lake, base].flatMap((runs) => [
      median(each(runs, "wallMs")).toFixed(0),
      median(each(runs, "cpuSeconds")).toFixed(2),
      median(each(runs, "megabytesRead")).toFixed(1),
    ]);
    const ratio = (what: keyof Measured): number => median(pairRatios(each(lake, what), each(base, what)));
    return [statement, ...cells, ratio("wallMs"), ratio("cpuSeconds")];
  });
  return textTable(heads, rows);
}

/** The base files alone come last: those of before the fold. */
function stateChart(
  all: readonly Compared[],
  what: keyof Measured,
  { title, label }: { readonly title: string; readonly label: string },
): string {
  const states = [...new Set(all.map(({ state }) => state))];
  const statements = [...new Set(all.map(({ statement }) => statement))];
  const groups = statements.map((statement) => {
    const own = all.filter((compared) => compared.statement === statement);
    const values = [...own.map(({ lake }) => lake), own[0]?.base ?? []];
    return { name: statement, values: values.map((runs) => median(each(runs, what))) };
  });
  const series = [...states, "base files alone"];
  return barChart({ title, y: { label, kind: "log" }, series, groups });
}
