/** Each command once as people start it: bin/dynalake.js and the bundle behind it, in a process of its own. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { expectRefused, type ItemJson, itemTexts } from "../support/cli.ts";
import { dynalakeProcess } from "../support/cli-process.ts";
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

/** Runs a command in the folder; it has to succeed, and what it printed is given. */
async function succeeds(...args: readonly string[]): Promise<string> {
  const ended = await dynalakeProcess(args, { cwd: folder });
  expect({ args, ...ended, stdout: "" }).toMatchObject({ args, code: 0, signal: null });
  return ended.stdout;
}

const of = ["--from-export", "export", "--key", "Id", "--name", "t"];

test("commands make a lake in a folder relative to the process's own, and work on it", async () => {
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

test("run follows a table", async () => {
  const table = await SourceTable.create(emulator.connection, "Followed");
  await table.put({ User: { S: "ann" }, Book: { S: "Mort" } });
  const at = ["--table", table.name, "--endpoint", emulator.endpoint, "--lake", "followed"];
  await succeeds("run", "--once", ...at);
  expect(await succeeds("query", "SELECT book FROM followed", "--lake", "followed", "--format", "csv")).toBe(
    "book\nMort\n",
  );
});

test("demo spares a folder that is not a demo's", async () => {
  const ended = await dynalakeProcess(["demo", "--lake", "export"], { cwd: folder });
  expectRefused(ended, { code: "USAGE", names: ["export"], next: "--lake" });
});
