/**
 * Real deaths of real processes: `run` and `replay` are killed again and again. Afterwards the lake holds the table, item for
 * item. `npm run test:crashes` kills more of them.
 */
import { existsSync, readdirSync } from "node:fs";
import { cp, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { done, lakeItems } from "../support/cli.ts";
import { effort, tries } from "../support/effort.ts";
import { withFolder } from "../support/folders.ts";
import { type Random, randomOf } from "../support/random.ts";
import { fileEmulator } from "./file-emulator.ts";
import { Killer, Writer } from "./killer.ts";
import { expectRepaired, expectTidy } from "./repaired-lake.ts";
import { SourceTable } from "./source-table.ts";

/** Of `run`, at random moments. */
const KILLS = tries(4);
const KILLS_BETWEEN_CHECKS = 2;
const SEED = Number(process.env.CRASH_SEED ?? Date.now() % 1_000_000);
const SECONDS_MAX = 120 + KILLS * 10;

const emulator = fileEmulator();

test(
  "`run` killed again and again at random moments, while writes go on, loses nothing",
  async () => {
    await withFolder(async (folder) => {
      const random = randomOf(SEED);
      const table = await SourceTable.create(emulator.connection, `Crashed-${SEED}`);
      const writer = new Writer(table, random);
      const lake = join(folder, "lake");
      await mkdir(lake);
      const of = ["--lake", lake, "--source", table.name, "--endpoint", emulator.endpoint];
      const killer = new Killer(lake, `seed ${SEED}`);
      while (killer.kills < KILLS) {
        writer.resume();
        for (let i = 0; i < KILLS_BETWEEN_CHECKS; i++) await killSomehow(killer, random, ["run", ...of]);
        await writer.pause();
        await expectRepaired(lake, table, of, killer.history);
      }
      expect(writer.writes).toBeGreaterThan(0);
      await expectTidy(lake);
      expect(await lakeItems(lake)).toEqual(await table.items());
      console.info(`${killer.kills} kills of run, ${writer.writes} writes, seed ${SEED}`);
    });
  },
  SECONDS_MAX * 1000,
);

/** Early or late while it starts or follows, or at one of the events that it causes in the lake's folder. */
async function killSomehow(killer: Killer, random: Random, run: readonly string[]): Promise<void> {
  const compacting = [...run, "--compact-every", random.choice(["0.1", "0.3", "60"])];
  const dice = random.next();
  if (dice < 0.2) await killer.afterMs(random.integer(300, 2500), compacting);
  else if (dice < 0.6) await killer.afterTold("following", random.integer(0, 1500), compacting);
  else await killer.atEvent(random.integer(1, 80), compacting);
}

test("`replay` of quarantine killed at its events loses no record: it lies in quarantine until it is delivered", async () => {
  await withFolder(async (folder) => {
    const table = await SourceTable.create(emulator.connection, `Replayed-${SEED}`);
    const whole = join(folder, "whole");
    await done(["run", "--once", "--lake", whole, "--source", table.name, "--endpoint", emulator.endpoint]);
    const [name = ""] = readdirSync(whole).filter((entry) => !entry.startsWith("."));
    const file = join(name, "quarantine", "no-key", "0123456789abcdef.jsonl");
    await mkdir(join(whole, name, "quarantine", "no-key"), { recursive: true });
    await writeFile(join(whole, file), quarantinedLine());
    for (let event = 1; ; event += REPLAY_EVENTS_STEP) {
      const lake = join(folder, `lake-${event}`);
      await cp(whole, lake, { recursive: true });
      const killer = new Killer(lake);
      const replay = ["replay", join(lake, file), "--lake", lake];
      const how = await killer.atEvent(event, replay);
      const { history } = killer;
      const isKept = existsSync(join(lake, file));
      if (!isKept)
        expect({ history, items: await lakeItems(lake) }).toMatchObject({ items: [expect.anything()] });
      if (isKept) await done(replay);
      expect({ history, items: await lakeItems(lake) }).toMatchObject({
        items: [expect.stringContaining("replayed")],
      });
      expect(existsSync(join(lake, file))).toBe(false);
      if (how === "ended") break;
    }
  });
}, 480_000);

const REPLAY_EVENTS_STEP = Math.max(1, Math.round(6 / effort));

/** Of now: what is older than the table's snapshot would not count. */
function quarantinedLine(): string {
  const nowSeconds = Math.floor(Date.now() / 1000);
  const Keys = { User: { S: "ann" }, Book: { S: "Mort" } };
  const record = {
    eventName: "INSERT",
    dynamodb: {
      ApproximateCreationDateTime: nowSeconds,
      SequenceNumber: "999999",
      Keys,
      NewImage: { ...Keys, Note: { S: "replayed" } },
    },
  };
  const line = {
    quarantine: 1,
    reason: "no-key",
    detail: "a test",
    source: "a test",
    arrivedAtSeconds: nowSeconds,
  };
  return `${JSON.stringify({ ...line, raw: JSON.stringify(record) })}\n`;
}
