/** A command that dies at any moment loses nothing: the next run mends what it left. */
import { cp, mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { done, dynalake, expectRefused, lakeItems } from "../support/cli.ts";
import { startDynalakeProcess } from "../support/cli-process.ts";
import { withFolder } from "../support/folders.ts";
import { randomOf } from "../support/random.ts";
import { fileEmulator } from "./file-emulator.ts";
import { Killer, Writer } from "./killer.ts";
import { SourceTable } from "./source-table.ts";

const emulator = fileEmulator();

/** Rounds of kills; more of them search longer. */
const ROUNDS = Number(process.env.KILL_ROUNDS ?? 2);

test(
  "`run`, `compact` and `snapshot` killed at random moments, while writes go on, lose nothing",
  async () => {
    await withFolder(async (lake) => {
      const seed = Number(process.env.KILL_SEED ?? Date.now() % 1_000_000);
      const random = randomOf(seed);
      const table = await SourceTable.create(emulator.connection, `Killed-${seed}`);
      const writer = new Writer(table, random);
      const of = ["--lake", lake, "--table", table.name, "--endpoint", emulator.endpoint];
      const [run, snapshot] = [
        ["run", ...of, "--compact-every", "0.2"],
        ["snapshot", ...of],
      ] as const;
      const compact = ["compact", "--lake", lake, "--all"];
      const killer = new Killer(lake, `seed ${seed}`);
      const { history } = killer;
      for (let round = 0; round < ROUNDS; round++) {
        writer.resume();
        // The first ones meet a lake that does not exist, or of which there is a part.
        await Promise.all([
          killer.afterMs(random.integer(300, 2500), run),
          killer.afterMs(random.integer(300, 1200), snapshot),
          killer.afterMs(random.integer(200, 900), compact),
        ]);
        await killer.atEvent(random.integer(1, 40), run);
        await killer.atEvent(random.integer(1, 20), snapshot);
        await killer.atEvent(random.integer(1, 8), compact);
        await writer.pause();

        const mended = await dynalake(["run", ...of, "--once"]);
        expect({ history, ...mended }).toMatchObject({ history, code: 0 });
        const items = await lakeItems(lake).catch((cause: unknown) => {
          throw new Error(history.join("\n"), { cause });
        });
        expect({ history, items }).toEqual({ history, items: await table.items() });
      }
      expect(writer.writes).toBeGreaterThan(0);

      await done(["compact", "--lake", lake, "--all"]);
      await done(["vacuum", "--lake", lake, "--retention-hours", "0", "--grace-hours", "0"]);
      expect(await lakeItems(lake)).toEqual(await table.items());
      const left = (await readdir(lake, { recursive: true })).filter((name) => /\.tmp|staging\/./.test(name));
      expect(left).toEqual([]);
    });
  },
  240_000 + ROUNDS * 30_000,
);

test("a first snapshot that died before its commit is taken again, though the stream is younger than the items", async () => {
  await withFolder(async (folder) => {
    const table = await SourceTable.create(emulator.connection, "Older", "no stream");
    await table.put({ User: { S: "ann" }, Book: { S: "Mort" } });
    await table.enableStream();
    await table.put({ User: { S: "bob" }, Book: { S: "Mort" } });
    const of = ["--table", table.name, "--endpoint", emulator.endpoint];
    const whole = join(folder, "whole");
    await done(["snapshot", ...of, "--lake", whole]);
    const lake = join(folder, "lake");
    await mkdir(join(lake, "older"), { recursive: true });
    await cp(join(whole, "older", "schema.json"), join(lake, "older", "schema.json"));

    const untold = await dynalake(["run", "--once", "--lake", lake]);
    expectRefused(untold, { code: "INCOMPLETE", names: ['"older"'], next: "--table" });
    const run = ["run", "--once", ...of, "--lake", lake];
    expect((await dynalake(run)).stderr).toContain("taking its first snapshot");
    expect(await lakeItems(lake)).toEqual(await table.items());
  });
});

test("a second interrupt ends a command at once, and a command without a clean end at the first one", async () => {
  await withFolder(async (folder) => {
    const table = await SourceTable.create(emulator.connection, "Interrupted");
    await table.put({ User: { S: "ann" }, Book: { S: "Mort" } });
    const lake = join(folder, "lake");
    const tmp = join(folder, "tmp");
    const env = { TMPDIR: tmp };
    const of = ["--lake", lake, "--table", table.name, "--endpoint", emulator.endpoint];
    await done(["snapshot", ...of]);
    await mkdir(tmp);

    const slow = startDynalakeProcess(
      ["query", "SELECT count(*) FROM range(1000000000) a, range(1000000000) b, interrupted", "--lake", lake],
      { env },
    );
    for (;;) {
      // It has got as far as its session's folder.
      if ((await readdir(tmp)).length > 0) break;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    slow.signal("SIGINT");
    const ended = await slow.ended;
    expect({ ...ended, left: await readdir(tmp) }).toMatchObject({ code: 130, stdout: "", left: [] });
    expect(await lakeItems(lake)).toEqual(await table.items());
  });
});

test("a snapshot that replaces the schema is refused while `run` follows by the old one, and taken after it", async () => {
  await withFolder(async (folder) => {
    const table = await SourceTable.create(emulator.connection, "Replaced", "no stream");
    await table.put({ User: { S: "ann" }, Book: { S: "Mort" }, Note: { S: "a" } });
    // Only an empty change log allows another schema.
    await table.enableStream();
    const lake = join(folder, "lake");
    const of = ["--lake", lake, "--table", table.name, "--endpoint", emulator.endpoint];
    await done(["snapshot", ...of]);
    const running = startDynalakeProcess(["run", ...of]);
    await running.told("following");
    const schema = join(folder, "schema.json");
    const attributes = { User: { type: "string" }, Book: { type: "string" } };
    const file = { table: "replaced", source: "Replaced", key: { hash: "User", range: "Book" }, attributes };
    await writeFile(schema, JSON.stringify(file));
    const replacing = ["snapshot", ...of, "--schema", schema];
    const meanwhile = await dynalake(replacing);
    running.signal("SIGINT");
    await running.ended;
    expectRefused(meanwhile, { code: "LAKE_LOCKED", names: [String(running.pid)] });
    await done(replacing);
    expect(await lakeItems(lake)).toEqual(await table.items());
  });
});
