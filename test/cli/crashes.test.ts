/**
 * Real crashes of real processes: `run` is killed repeatedly while the table is written to, disks are full, emulators restart.
 * Afterwards the lake equals the table, item by item, or reports a gap. `npm run test:crashes` does more of this.
 */
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmdirSync } from "node:fs";
import { cp, mkdir, readdir, rm, statfs, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { type Emulator, startEmulator } from "../../src/emulator/emulator.ts";
import type { SourceConnection } from "../../src/source/source-connection.ts";
import { done, dynalake, lakeItems } from "../support/cli.ts";
import { withFolder } from "../support/folders.ts";
import { type Random, randomOf } from "../support/random.ts";
import { fileEmulator } from "./file-emulator.ts";
import { Killer, Writer } from "./killer.ts";
import { connectTo, SourceTable } from "./source-table.ts";

/** How often `run` is killed, at random moments. */
const KILLS = Number(process.env.CRASH_KILLS ?? 4);
const KILLS_BETWEEN_CHECKS = 2;
const SEED = Number(process.env.CRASH_SEED ?? Date.now() % 1_000_000);
const SECONDS_MAX = 120 + KILLS * 10;

const emulator = fileEmulator();

/** The next run repairs everything: the lake equals the table and is healthy. */
async function expectMended(lake: string, table: SourceTable, of: readonly string[], history: unknown) {
  const mended = await dynalake(["run", ...of, "--once"]);
  expect({ history, ...mended }).toMatchObject({ history, code: 0 });
  const items = await lakeItems(lake).catch((cause: unknown) => {
    throw new Error(JSON.stringify(history, undefined, 1), { cause });
  });
  expect({ history, items }).toEqual({ history, items: await table.items() });
  expect({ history, health: await healthOf(lake) }).toEqual({ history, health: "healthy" });
}

async function healthOf(lake: string): Promise<unknown> {
  const text = await done(["status", "--lake", lake, "--json"]);
  return (JSON.parse(text) as { readonly tables: readonly { readonly health: string }[] }).tables[0]?.health;
}

async function expectTidy(lake: string): Promise<void> {
  await done(["compact", "--lake", lake, "--all"]);
  await done(["vacuum", "--lake", lake, "--retention-hours", "0", "--grace-hours", "0"]);
  const left = (await readdir(lake, { recursive: true })).filter((name) => /\.tmp|staging\/./.test(name));
  expect(left).toEqual([]);
}

test(
  "`run` killed again and again at random moments, while writes go on, loses nothing",
  async () => {
    await withFolder(async (folder) => {
      const random = randomOf(SEED);
      const table = await SourceTable.create(emulator.connection, `Crashed-${SEED}`);
      const writer = new Writer(table, random);
      const lake = join(folder, "lake");
      await mkdir(lake);
      const of = ["--lake", lake, "--table", table.name, "--endpoint", emulator.endpoint];
      const killer = new Killer(lake, `seed ${SEED}`);
      while (killer.kills < KILLS) {
        writer.resume();
        for (let i = 0; i < KILLS_BETWEEN_CHECKS; i++) await killSomehow(killer, random, ["run", ...of]);
        await writer.pause();
        await expectMended(lake, table, of, killer.history);
      }
      expect(writer.writes).toBeGreaterThan(0);
      await expectTidy(lake);
      expect(await lakeItems(lake)).toEqual(await table.items());
      console.info(`${killer.kills} kills of run, ${writer.writes} writes, seed ${SEED}`);
    });
  },
  SECONDS_MAX * 1000,
);

/** Kills it early or late while it starts or follows, or at one of its events in the lake's folder. */
async function killSomehow(killer: Killer, random: Random, run: readonly string[]): Promise<void> {
  const compacting = [...run, "--compact-every", random.choice(["0.1", "0.3", "60"])];
  const dice = random.next();
  if (dice < 0.2) await killer.afterMs(random.integer(300, 2500), compacting);
  else if (dice < 0.6) await killer.afterTold("following", random.integer(0, 1500), compacting);
  else await killer.atEvent(random.integer(1, 80), compacting);
}

describe("a disk that is full", () => {
  const why = reasonAgainstMounts();
  if (why !== undefined) console.info(`The tests of a full disk are skipped: ${why}`);

  (why === undefined ? test : test.skip)(
    "fails each command with DISK_FULL, and loses nothing: once there is room again the next run goes on",
    async () => {
      await withDisk(4, async (disk) => {
        const random = randomOf(SEED);
        const table = await SourceTable.create(emulator.connection, `Full-${SEED}`);
        const writer = new Writer(table, random);
        for (let i = 0; i < 40; i++) await writer.once();
        const lake = join(disk, "lake");
        const of = ["--lake", lake, "--table", table.name, "--endpoint", emulator.endpoint];
        await done(["run", ...of, "--once"]);
        const history = [`seed ${SEED}`];
        for (const freeKilobytes of FREE_KILOBYTES) {
          for (let i = 0; i < 40; i++) await writer.once();
          const filler = await fill(disk, freeKilobytes);
          for (const args of [
            ["run", ...of, "--once"],
            ["compact", "--lake", lake, "--all"],
            ["snapshot", ...of],
          ]) {
            const { code, stderr } = await dynalake(args);
            history.push(`${args[0]} with ${freeKilobytes} KB: ${code} ${stderr.slice(-300)}`);
            if (code !== 0)
              expect({ history, stderr }).toMatchObject({ stderr: expect.stringMatching(/DISK_FULL/) });
          }
          await rm(filler);
          await expectMended(lake, table, of, history);
        }
        expect(history.filter((told) => told.includes("DISK_FULL"))).not.toEqual([]);
        await expectTidy(lake);
        expect(await lakeItems(lake)).toEqual(await table.items());
      });
    },
    480_000,
  );
});

/** Space left for a command: none, or enough for its first files. */
const FREE_KILOBYTES = process.env.CRASH_KILLS === undefined ? [0, 24] : [0, 4, 8, 16, 24, 40, 64, 100];

/** Why a small disk cannot be mounted; undefined if it can. */
function reasonAgainstMounts(): string | undefined {
  if (process.platform !== "linux") return "they need Linux";
  if (process.getuid?.() !== 0) return "only root mounts a small disk";
  const folder = mkdtempSync(join(tmpdir(), "disk-"));
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", folder], { stdio: "pipe" });
    execFileSync("umount", [folder]);
    return undefined;
  } catch {
    return "a tmpfs cannot be mounted here";
  } finally {
    rmdirSync(folder);
  }
}

async function withDisk(megabytes: number, use: (disk: string) => Promise<void>): Promise<void> {
  await withFolder(async (folder) => {
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${megabytes}m`, "tmpfs", folder]);
    try {
      await use(folder);
    } finally {
      execFileSync("umount", [folder]);
    }
  });
}

/** Fills the disk, except for `freeKilobytes`. */
async function fill(disk: string, freeKilobytes: number): Promise<string> {
  const filler = join(disk, "filler");
  const { bavail, bsize } = await statfs(disk);
  await writeFile(filler, Buffer.alloc(Math.max(0, bavail * bsize - freeKilobytes * 1024)));
  return filler;
}

describe("an emulator that was started again", () => {
  test("with its data: the lake goes on, or tells the gap", async () => {
    await withFolder(async (folder) => {
      const request = { kinds: ["dynoxide"], dataFolder: join(folder, "data") } as const;
      const lake = join(folder, "lake");
      const writtenBy = async (at: Emulator, make: (to: SourceConnection) => Promise<SourceTable>) => {
        const to = connectTo(at.endpoint);
        try {
          const table = await make(to);
          const writer = new Writer(table, randomOf(SEED));
          for (let i = 0; i < 20; i++) await writer.once();
          const ended = await dynalake([
            "run",
            "--lake",
            lake,
            "--table",
            "Kept",
            "--endpoint",
            at.endpoint,
            "--once",
          ]);
          return { ...ended, items: await table.items() };
        } finally {
          to.close();
          await at.stop();
        }
      };
      const before = await writtenBy(await startEmulator(request), (to) => SourceTable.create(to, "Kept"));
      expect(before).toMatchObject({ code: 0 });
      const after = await writtenBy(await startEmulator(request), async (to) =>
        SourceTable.known(to, "Kept"),
      );
      const health = await healthOf(lake);
      if (after.code === 0)
        expect({ after, items: await lakeItems(lake), health }).toMatchObject({
          items: after.items,
          health: "healthy",
        });
      else expect({ after, health }).toMatchObject({ after: { code: 3 }, health: "gap" });
    });
  });

  test("without its data: a table of the same name is another, and the gap is told", async () => {
    await withFolder(async (folder) => {
      const lake = join(folder, "lake");
      for (const code of [0, 3]) {
        const own = await startEmulator({ kinds: ["dynoxide"] });
        const to = connectTo(own.endpoint);
        try {
          const table = await SourceTable.create(to, "Lost");
          await table.put({ User: { S: "ann" }, Book: { S: `b${code}` } });
          const run = ["run", "--lake", lake, "--table", "Lost", "--endpoint", own.endpoint, "--once"];
          expect(await dynalake(run)).toMatchObject({ code });
        } finally {
          to.close();
          await own.stop();
        }
      }
      expect(await healthOf(lake)).toBe("gap");
    });
  });
});

test("`replay` of quarantine killed at its events loses no record: it lies in quarantine until it is delivered", async () => {
  await withFolder(async (folder) => {
    const table = await SourceTable.create(emulator.connection, `Replayed-${SEED}`);
    const whole = join(folder, "whole");
    await done(["run", "--once", "--lake", whole, "--table", table.name, "--endpoint", emulator.endpoint]);
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

const REPLAY_EVENTS_STEP = process.env.CRASH_KILLS === undefined ? 6 : 1;

/** A change from now: one older than the table's snapshot would have no effect. */
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
