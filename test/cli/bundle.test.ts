/** Each command once as people start it: bin/dynalake.js and the bundle behind it, in a process of its own. */
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { expectRefused, type ItemJson, itemTexts } from "../support/cli.ts";
import { dynalakeProcess } from "../support/cli-process.ts";
import { deepTest } from "../support/deep-test.ts";
import { writeExport } from "./export-fixture.ts";
import { fileEmulator } from "./file-emulator.ts";
import { SourceTable } from "./source-table.ts";

const emulator = fileEmulator();

/** Far more than a pipe holds, so that a process which ended early would lose some. */
const ITEMS: readonly ItemJson[] = Array.from({ length: 5_000 }, (_, i) => ({
  Id: { S: `id-${i}` },
  Text: { S: "x".repeat(200) },
}));

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "dynalake-test-"));
  await writeExport(join(folder, "export"), ITEMS);
  const record = {
    eventName: "REMOVE",
    dynamodb: { Keys: { Id: { S: "id-0" } }, SequenceNumber: "1" },
  };
  await writeFile(join(folder, "event.json"), JSON.stringify({ Records: [record] }));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

/** What each command loads of the packages that take long to load: the engine, and the clients of the source. */
const LOADS: Readonly<Record<string, readonly string[]>> = {
  "--version": [],
  "--help": [],
  infer: [],
  vacuum: [],
  ...Object.fromEntries(
    ["snapshot", "items", "verify", "replay", "compact", "query", "status"].map((command) => [
      command,
      ["@duckdb/node-api"],
    ]),
  ),
  run: ["@aws-sdk/client-dynamodb", "@aws-sdk/client-dynamodb-streams", "@duckdb/node-api"],
};

/** Runs a command in the folder; it has to succeed and to load only what it uses, and what it printed is given. */
async function succeeds(command: string, ...args: readonly string[]): Promise<string> {
  // Node writes there which files a process has loaded.
  const coverage = await mkdtemp(join(folder, "coverage-"));
  const ended = await dynalakeProcess([command, ...args], {
    cwd: folder,
    env: { NODE_V8_COVERAGE: coverage },
  });
  expect({ command, ...ended, stdout: "" }).toMatchObject({ command, code: 0, signal: null });
  expect({ command, loads: await heavyPackages(coverage) }).toEqual({ command, loads: LOADS[command] });
  return ended.stdout;
}

const HEAVY = /node_modules\/(@duckdb\/node-api|@aws-sdk\/client-[\w-]+|aws-cdk-lib)\//;

async function heavyPackages(coverage: string): Promise<readonly string[]> {
  const names = await readdir(coverage);
  expect(names.length).toBeGreaterThan(0);
  const texts = await Promise.all(names.map((name) => readFile(join(coverage, name), "utf8")));
  const scripts = texts.flatMap((text) => (JSON.parse(text) as Coverage).result.map(({ url }) => url));
  const files = (await Promise.all([...new Set(scripts)].map(sourcesOf))).flat();
  expect(files.filter((file) => file.endsWith("/src/cli/main.ts"))).toHaveLength(1);
  return [...new Set(files.flatMap((file) => HEAVY.exec(file)?.[1] ?? []))].sort();
}

interface Coverage {
  readonly result: readonly { readonly url: string }[];
}

/** The files that a script was bundled from; itself, for one of an installed package. */
async function sourcesOf(script: string): Promise<readonly string[]> {
  if (!script.includes("/dist/") || script.includes("/node_modules/")) return [script];
  const { sources } = JSON.parse(await readFile(fileURLToPath(`${script}.map`), "utf8")) as {
    readonly sources: readonly string[];
  };
  return sources;
}

const of = ["--from-export", "export", "--key", "Id", "--name", "t"];

deepTest("commands make a lake in a folder relative to the process's own, and work on it", async () => {
  await succeeds("infer", ...of, "--out", "t.json");
  expect(JSON.parse(await readFile(join(folder, "t.json"), "utf8"))).toMatchObject({ table: "t" });
  expect(await succeeds("snapshot", ...of, "--schema", "t.json")).toBe(
    'Snapshot of Source: 5,000 items in "t"\n',
  );
  expect(await readFile(join(folder, "lake", "t", "schema.json"), "utf8")).toContain('"Text"');

  const lines = (await succeeds("items")).trimEnd().split("\n");
  const items = lines.map((line) => (JSON.parse(line) as { readonly Item: ItemJson }).Item);
  expect(itemTexts(items)).toEqual(itemTexts(ITEMS));

  expect(await succeeds("verify", "--from-export", "export")).toContain("IDENTICAL");
  expect(await succeeds("replay", "event.json")).toBe('Replayed 1 change into "t"\n');
  expect(await succeeds("compact", "--all")).toContain("t: ");
  expect(await succeeds("query", "SELECT count(*) AS n FROM t", "--format", "csv")).toBe("n\n4999\n");
  const { tables } = JSON.parse(await succeeds("status", "--json"));
  expect(tables).toMatchObject([{ table: "t", rows: 4999 }]);
  expect(await succeeds("vacuum")).toContain("t: removed 0 files");
});

test("the version and the help load nothing but the command line", async () => {
  expect(await succeeds("--version")).toMatch(/^\d+\.\d+\.\d+\n$/);
  expect(await succeeds("--help")).toContain("Usage: dynalake");
});

deepTest("run follows a table", async () => {
  const table = await SourceTable.create(emulator.connection, "Followed");
  await table.put({ User: { S: "ann" }, Book: { S: "Mort" } });
  const at = ["--source", table.name, "--endpoint", emulator.endpoint, "--lake", "followed"];
  await succeeds("run", "--once", ...at);
  expect(await succeeds("query", "SELECT book FROM followed", "--lake", "followed", "--format", "csv")).toBe(
    "book\nMort\n",
  );
});

test("demo spares a folder that is not a demo's", async () => {
  const ended = await dynalakeProcess(["demo", "--lake", "export"], { cwd: folder });
  expectRefused(ended, { code: "USAGE", names: ["export"], next: "--lake" });
});
