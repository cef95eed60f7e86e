/** Commands that are interrupted, or died: the next run repairs what they left behind. interruption.deep.test.ts kills them. */
import { cp, mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { done, dynalake, expectRefused, lakeItems } from "../support/cli.ts";
import { startDynalakeProcess } from "../support/cli-process.ts";
import { deepTest } from "../support/deep-test.ts";
import { firstOf } from "../support/effort.ts";
import { withFolder } from "../support/folders.ts";
import { fileEmulator } from "./file-emulator.ts";
import { SourceTable } from "./source-table.ts";

const emulator = fileEmulator();

deepTest(
  "a first snapshot that died before its commit is taken again, though the stream is younger than the items",
  async () => {
    await withFolder(async (folder) => {
      const table = await SourceTable.create(emulator.connection, "Older", "no stream");
      await table.put({ User: { S: "ann" }, Book: { S: "Mort" } });
      await table.enableStream();
      await table.put({ User: { S: "bob" }, Book: { S: "Mort" } });
      const of = ["--source", table.name, "--endpoint", emulator.endpoint];
      const whole = join(folder, "whole");
      await done(["snapshot", ...of, "--lake", whole]);
      const lake = join(folder, "lake");
      await mkdir(join(lake, "older"), { recursive: true });
      await cp(join(whole, "older", "schema.json"), join(lake, "older", "schema.json"));

      const untold = await dynalake(["run", "--once", "--lake", lake]);
      expectRefused(untold, { code: "INCOMPLETE", names: ['"older"'], next: "--source" });
      const run = ["run", "--once", ...of, "--lake", lake];
      expect((await dynalake(run)).stderr).toContain("taking its first snapshot");
      expect(await lakeItems(lake)).toEqual(await table.items());
    });
  },
);

/** Long ones: one that the engine lets go of, and one inside of a function that looks for no interrupt. */
const LONG = [
  "SELECT count(*) FROM range(1000000000) a, range(1000000000) b, interrupted",
  "SELECT list_sort(list(hash(range))) FROM range(100000000), interrupted",
];

const SIGNALS = [
  ["SIGINT", LONG[0]],
  ["SIGTERM", LONG[1]],
  ["SIGHUP", LONG[0]],
] as const;

test.each(firstOf(1, SIGNALS))(
  "%s ends a command by that signal whatever the engine is doing: %s",
  async (signal, sql = "") => {
    await withFolder(async (folder) => {
      const table = await SourceTable.create(emulator.connection, `Interrupted${signal}`);
      await table.put({ User: { S: "ann" }, Book: { S: "Mort" } });
      const lake = join(folder, "lake");
      const tmp = join(folder, "tmp");
      const env = { TMPDIR: tmp };
      const of = ["--lake", lake, "--source", table.name, "--endpoint", emulator.endpoint];
      await done(["snapshot", ...of, "--name", "interrupted"]);
      await mkdir(tmp);

      const slow = startDynalakeProcess(["query", sql, "--lake", lake], { env });
      for (;;) {
        // It has created its session's folder.
        if ((await readdir(tmp)).length > 0) break;
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      slow.signal(signal);
      const ended = await slow.ended;
      expect({ ...ended, left: await readdir(tmp) }).toMatchObject({ signal, stdout: "", left: [] });
      expect(await lakeItems(lake)).toEqual(await table.items());
    });
  },
);

deepTest("rows that an interrupt cut off do not end like whole ones", async () => {
  await withFolder(async (folder) => {
    const lake = join(folder, "lake");
    const table = await SourceTable.create(emulator.connection, "CutOff");
    await table.put({ User: { S: "ann" }, Book: { S: "Mort" } });
    await done(["snapshot", "--source", table.name, "--endpoint", emulator.endpoint, "--lake", lake]);
    const sql = "SELECT range AS n FROM range(1000000000), cutoff";
    const running = startDynalakeProcess(["query", sql, "--format", "json", "--lake", lake]);
    await running.printed("\n");
    running.signal("SIGINT");
    const { signal, stdout } = await running.ended;
    expect(signal).toBe("SIGINT");
    expect(stdout).not.toMatch(/\]\s*$/);
  });
});

test("`run` ends by itself where its terminal is closed", async () => {
  await withFolder(async (folder) => {
    const table = await SourceTable.create(emulator.connection, "Twice");
    await table.put({ User: { S: "ann" }, Book: { S: "Mort" } });
    const run = [
      "run",
      "--lake",
      join(folder, "lake"),
      "--table",
      table.name,
      "--endpoint",
      emulator.endpoint,
    ];
    const once = startDynalakeProcess(run);
    await once.told("following");
    once.signal("SIGHUP");
    expect(await once.ended).toMatchObject({ code: 0, signal: null });
  });
});

deepTest(
  "a snapshot that replaces the schema is refused while `run` follows by the old one, and taken after it",
  async () => {
    await withFolder(async (folder) => {
      const table = await SourceTable.create(emulator.connection, "Replaced", "no stream");
      await table.put({ User: { S: "ann" }, Book: { S: "Mort" }, Note: { S: "a" } });
      // Replacing the schema requires an empty change log.
      await table.enableStream();
      const lake = join(folder, "lake");
      const of = ["--lake", lake, "--source", table.name, "--endpoint", emulator.endpoint];
      await done(["snapshot", ...of]);
      const running = startDynalakeProcess(["run", ...of]);
      await running.told("following");
      const schema = join(folder, "schema.json");
      const attributes = { User: { type: "string" }, Book: { type: "string" } };
      const file = {
        table: "replaced",
        source: "Replaced",
        key: { hash: "User", range: "Book" },
        attributes,
      };
      await writeFile(schema, JSON.stringify(file));
      const replacing = ["snapshot", ...of, "--schema", schema];
      const meanwhile = await dynalake(replacing);
      running.signal("SIGINT");
      await running.ended;
      expectRefused(meanwhile, { code: "LAKE_LOCKED", names: [String(running.pid)] });
      await done(replacing);
      expect(await lakeItems(lake)).toEqual(await table.items());
    });
  },
);
