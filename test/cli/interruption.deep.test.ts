/** A command that is killed at any moment loses nothing: the next run repairs what it left. */
import { readdir } from "node:fs/promises";
import { expect, test } from "@jest/globals";
import { done, dynalake, lakeItems } from "../support/cli.ts";
import { tries } from "../support/effort.ts";
import { withFolder } from "../support/folders.ts";
import { randomOf } from "../support/random.ts";
import { fileEmulator } from "./file-emulator.ts";
import { Killer, Writer } from "./killer.ts";
import { SourceTable } from "./source-table.ts";

const emulator = fileEmulator();

/** Rounds of kills; more of them search longer. */
const ROUNDS = tries(2);

test(
  "`run`, `compact` and `snapshot` killed at random moments, while writes go on, lose nothing",
  async () => {
    await withFolder(async (lake) => {
      const seed = Number(process.env.CRASH_SEED ?? Date.now() % 1_000_000);
      const random = randomOf(seed);
      const table = await SourceTable.create(emulator.connection, `Killed-${seed}`);
      const writer = new Writer(table, random);
      const of = ["--lake", lake, "--source", table.name, "--endpoint", emulator.endpoint];
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

        const repaired = await dynalake(["run", ...of, "--once"]);
        expect({ history, ...repaired }).toMatchObject({ history, code: 0 });
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
