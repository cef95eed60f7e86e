import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { requireTable } from "../../src/core/table/open-table.ts";
import { folderStore } from "../../src/files/folder-store.ts";
import {
  done,
  dynalake,
  dynalakes,
  type Ended,
  expectRefused,
  fingerprint,
  type ItemJson,
  rowsOf,
} from "../support/cli.ts";
import { startDynalakeProcess } from "../support/cli-process.ts";
import { firstOf } from "../support/effort.ts";
import { printedRows } from "../support/printed-rows.ts";
import { writeExport } from "./export-fixture.ts";

/** SQL that fails, writes or reads elsewhere, and options that do not exist. */

const ITEMS: readonly ItemJson[] = Array.from({ length: 20_000 }, (_, i) => ({
  Id: { S: `id-${String(i).padStart(6, "0")}` },
  Text: { S: "x".repeat(50) },
}));

let folder: string;
/** A lake with the table "t", which no statement may change. */
let lake: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "dynalake-test-"));
  lake = join(folder, "lake");
  await writeFile(join(folder, "private.txt"), "a secret");
  const whole = await writeExport(join(folder, "export"), ITEMS);
  await done(["snapshot", "--from-export", whole, "--key", "Id", "--name", "t", "--lake", lake]);
});

afterAll(() => rm(folder, { recursive: true, force: true }));

const REFUSED: Readonly<
  Record<string, { readonly sql: string | (() => string); readonly tells: string | RegExp }>
> = {
  "a table that there is not": { sql: "SELECT * FROM missing", tells: /no table "missing"/ },
  "a column that there is not": { sql: "SELECT missing FROM t", tells: /"missing" not found/ },
  "a syntax error": { sql: "SELEC 1", tells: 'syntax error at or near "SELEC"' },
  "a value that does not convert": { sql: "SELECT CAST(id AS int) FROM t", tells: "Conversion Error" },
  "a value that looks like a file's name": {
    sql: "SELECT strptime('report.json', '%Y')",
    tells: 'Could not parse string "report.json"',
  },
  "an error in the words of a damaged file": {
    sql: `SELECT error('IO Error: No files found that match "a.parquet"') FROM t`,
    tells: "No files found",
  },
  "a syntax error beside the words of a damaged file": {
    sql: "SELEC 'Invalid Parquet'",
    tells: 'syntax error at or near "SELEC"',
  },
  "a value in the words of a full disk": {
    sql: "SELECT CAST('No space left on device' AS int)",
    tells: "Conversion Error",
  },
  "nothing at all": { sql: " ", tells: /statement/ },
  "nothing but an end": { sql: " ; ", tells: /statement/ },
  "two statements": { sql: "SELECT 1; SELECT 2", tells: "one statement was expected, not 2" },
  "a table made": { sql: "CREATE TABLE other AS SELECT * FROM t", tells: "only statements that read" },
  "rows deleted": { sql: "DELETE FROM t", tells: /.+/ },
  "a file written": {
    sql: () => `COPY (SELECT 1) TO '${lake}/t/out.csv'`,
    tells: "only statements that read",
  },
  "a file written by what only explains": {
    sql: () => `EXPLAIN ANALYZE COPY (SELECT 1) TO '${lake}/t/out.csv'`,
    tells: "only statements that read",
  },
  "a file written by what only explains, told otherwise": {
    sql: () => `explain (ANALYZE, FORMAT json) COPY (SELECT 1) TO '${lake}/t/out.csv'`,
    tells: "only statements that read",
  },
  "a file written by what only explains, behind comments": {
    sql: () => `/* a */ EXPLAIN /* /* */ SELECT 1 -- */ ANALYZE COPY (SELECT 1) TO '${lake}/t/out.csv'`,
    tells: /.+/,
  },
  "a database attached": {
    sql: () => `ATTACH '${lake}/t/other.db' AS other`,
    tells: "only statements that read",
  },
  "an extension loaded": { sql: "INSTALL httpfs", tells: "only statements that read" },
  "the confinement lifted": { sql: "SET enable_external_access = true", tells: "only statements that read" },
  "a file of the machine": {
    sql: "SELECT * FROM read_text('/etc/passwd')",
    tells: "read_text is not allowed",
  },
  "a file of the machine as a table": { sql: "SELECT * FROM '/etc/passwd'", tells: /.+/ },
  "a file beside the lake": {
    sql: () => `SELECT * FROM read_text('${folder}/private.txt')`,
    tells: "read_text is not allowed",
  },
  "a file beside the lake by way of it": {
    sql: () => `SELECT * FROM read_text('${lake}/../private.txt')`,
    tells: "read_text is not allowed",
  },
};

const statement = (name: string): string => {
  const { sql } = REFUSED[name] as (typeof REFUSED)[string];
  return typeof sql === "string" ? sql : sql();
};

test.each(Object.keys(REFUSED))("SQL is refused: %s", async (name) => {
  const { tells } = REFUSED[name] as (typeof REFUSED)[string];
  const before = await fingerprint(folder);
  const tables = [await requireTable(folderStore(lake), "t")];
  const seen: unknown[] = [];
  const running = printedRows(lake, { tables, sql: statement(name) }, (rows) => void seen.push(...rows));
  await expect(running).rejects.toMatchObject({ code: "SQL_FAILED", message: expect.stringMatching(tells) });
  expect(seen).toEqual([]);
  expect(await fingerprint(folder)).toEqual(before);
});

test("the command line tells what SQL is refused for, and what to do", async () => {
  const names = ["a table that there is not", "a syntax error", "a file written", "a file of the machine"];
  const ends = await dynalakes(names.map((name) => ["query", statement(name), "--lake", lake]));
  for (const [i, ended] of ends.entries()) {
    const { tells } = REFUSED[names[i] as string] as (typeof REFUSED)[string];
    expectRefused(ended, {
      code: "SQL_FAILED",
      names: [tells, /^(?!.*(a secret|root:))/s],
      next: /statement/,
    });
  }
});

test("what a message quotes cannot move the terminal's cursor", async () => {
  const ended = await dynalake(["query", 'SELECT * FROM "\u001b[2J\u009b2J\r"', "--lake", lake]);
  expectRefused(ended, { code: "SQL_FAILED", names: ["\u00b7[2j\u00b72j\u00b7"] });
  expect(ended.stderr).not.toMatch(/[^\P{Cc}\n]/u);
});

test("what asks about the tables, explains or describes is answered", async () => {
  expect(await rowsOf(lake, "SHOW TABLES")).toEqual(
    ["dynalake_tables", "t", "t__changes", "t__segments", "t_history", "t_snapshots"].map(
      (name) => `{"name":"${name}"}`,
    ),
  );
  expect(await rowsOf(lake, "DESCRIBE t")).toHaveLength(7);
  for (const sql of ["EXPLAIN SELECT * FROM t", "explain analyze select count(*) from t;"]) {
    expect(await rowsOf(lake, sql)).toHaveLength(1);
  }
});

test("usage that does not fit is told with what was wrong", async () => {
  const on = ["--lake", lake];
  const wrong: readonly (readonly [args: readonly string[], tells: RegExp])[] = [
    [["query", "SELECT 1", "--format", "xml", ...on], /--format.*'xml'.*table, json, csv/],
    [["snapshott"], /'snapshott'/],
    [["items", "--tabel", "t", ...on], /'--tabel'/],
    [["query"], /'sql'/],
    [["vacuum", "--retention-hours", "-1", ...on], /--retention-hours.*-1/],
    [["items", "--as-of", "some day", ...on], /invalid time: some day/],
    [["snapshot", ...on], /table or .*export/],
    [["snapshot", "--source", "t", "--from-export", "x", ...on], /table or .*export/],
  ];
  const ends = await dynalakes(wrong.map(([args]) => args));
  for (const [i, [, tells]] of wrong.entries()) {
    expectRefused(ends[i] as Ended, { code: "USAGE", names: [tells] });
  }
});

test("--help and --version succeed", async () => {
  const ends = await dynalakes([["--help"], ["query", "--help"], ["--version"]]);
  expect(ends).toMatchObject([
    { code: 0, stdout: expect.stringContaining("snapshot|backfill") },
    { code: 0, stdout: expect.stringContaining("--as-of") },
    { code: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) },
  ]);
});

test("a time before the lake began is refused, with the earliest one that can be asked for", async () => {
  const asked = [["items"], ["query", "SELECT * FROM t"]];
  const then = ["--lake", lake, "--as-of", "2001-01-01"];
  for (const ended of await dynalakes(asked.map((command) => [...command, ...then]))) {
    expectRefused(ended, { code: "AS_OF_UNKNOWN", names: ['"t"', /back to 20\d\d-/], next: "status" });
  }
});

test.each(firstOf(1, [["items"], ["query", "SELECT * FROM t", "--format", "csv"]]))(
  "a reader that has seen enough ends `%s` without an error, and nothing is left of it",
  async (...command) => {
    const tmp = await mkdtemp(join(folder, "tmp-"));
    const running = startDynalakeProcess([...command, "--lake", lake], { env: { TMPDIR: tmp } });
    running.stopReading();
    const { code, stdout, stderr } = await running.ended;
    expect({ code, stderr, left: await fingerprint(tmp) }).toEqual({ code: 0, stderr: "", left: {} });
    expect(stdout.length).toBeLessThan(1_000_000);
  },
);
