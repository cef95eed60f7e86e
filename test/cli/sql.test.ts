/** `dynalake sql` as people start it, without a terminal: statements in processes of their own, one after another. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { done, type Ended, expectRefused } from "../support/cli.ts";
import { dynalakeProcess, startDynalakeProcess } from "../support/cli-process.ts";
import { deepTest } from "../support/deep-test.ts";
import { writeExport } from "./export-fixture.ts";

let folder: string;
let lake: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "dynalake-test-"));
  lake = join(folder, "lake");
  const items = Array.from({ length: 3 }, (_, i) => ({ Id: { S: `id-${i}` }, N: { N: String(i) } }));
  const whole = await writeExport(join(folder, "export"), items);
  await done(["snapshot", "--from-export", whole, "--key", "Id", "--name", "t", "--lake", lake]);
});

afterAll(() => rm(folder, { recursive: true, force: true }));

const sql = (stdin: string, ...more: readonly string[]): Promise<Ended> =>
  dynalakeProcess(["sql", "--lake", lake, ...more], { stdin });

test("statements of several lines, commands of the prompt, and a last statement without a semicolon", async () => {
  const ended = await sql(
    ".format csv\nSELECT id,\n n FROM t\nORDER BY id; SELECT 'a;b' AS x;\n\n.format json\nSELECT sum(n) AS s FROM t",
  );
  expect(ended).toMatchObject({
    code: 0,
    stdout: 'id,n\nid-0,0\nid-1,1\nid-2,2\nx\na;b\n[\n{"s":3}\n]\n',
    stderr: "",
  });
});

deepTest("what there is to read", async () => {
  const { stdout } = await sql(".tables\n.schema t\n.exit\nSELECT 1;\n");
  for (const name of ["t", "t_history", "t_snapshots", "dynalake_tables"])
    expect(stdout).toMatch(new RegExp(`│ ${name} `));
  expect(stdout).toMatch(/│ id +│ VARCHAR +│/);
  expect(stdout).not.toContain("│ 1 ");
});

deepTest("without a terminal the first failure ends it, as it ends a script", async () => {
  const ended = await sql("SELECT nothing FROM t;\nSELECT 1;\n");
  expectRefused(ended, { code: "SQL_FAILED", names: ["nothing"], next: "DESCRIBE" });
  expectRefused(await sql(".nothing\n"), { code: "USAGE", names: [".nothing"], next: ".tables" });
  expectRefused(await sql("SELECT * FROM read_text('/etc/hostname');"), { code: "SQL_FAILED", names: [] });
});

deepTest("an interrupt ends the statement and the prompt", async () => {
  const endless =
    "SELECT count(*) FROM range(1000000000) a, range(1000000000) b WHERE hash(a.range, b.range) = 0;";
  const running = startDynalakeProcess(["sql", "--lake", lake], { stdin: `SELECT 'begun';\n${endless}\n` });
  await running.printed("begun");
  running.signal("SIGINT");
  expect(await running.ended).toMatchObject({ signal: "SIGINT" });
});

deepTest("a time in words is printed as what it was taken for", async () => {
  const ended = await sql("SELECT 1 AS one;", "--as-of", "0s");
  expect(ended).toMatchObject({
    code: 0,
    stderr: expect.stringMatching(/^0s is \d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ\n$/),
  });
  expectRefused(await sql("SELECT 1;", "--as-of", "20261128"), {
    code: "USAGE",
    names: ["20261128"],
    next: "2026-11-28",
  });
});
