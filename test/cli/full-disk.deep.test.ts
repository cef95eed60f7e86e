/**
 * Full disks and restarted emulators. Afterwards the lake equals the table, item by item, or reports a gap.
 * crashes.deep.test.ts kills processes.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmdirSync } from "node:fs";
import { rm, statfs, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { type Emulator, startEmulator } from "../../src/emulator/emulator.ts";
import type { SourceConnection } from "../../src/source/source-connection.ts";
import { done, dynalake, lakeItems } from "../support/cli.ts";
import { effort } from "../support/effort.ts";
import { withFolder } from "../support/folders.ts";
import { randomOf } from "../support/random.ts";
import { fileEmulator } from "./file-emulator.ts";
import { Writer } from "./killer.ts";
import { expectRepaired, expectTidy, healthOf } from "./repaired-lake.ts";
import { connectTo, SourceTable } from "./source-table.ts";

const SEED = Number(process.env.CRASH_SEED ?? Date.now() % 1_000_000);

const emulator = fileEmulator();

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
        const of = ["--lake", lake, "--source", table.name, "--endpoint", emulator.endpoint];
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
          await expectRepaired(lake, table, of, history);
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
const FREE_KILOBYTES = effort > 1 ? [0, 4, 8, 16, 24, 40, 64, 100] : [0, 24];

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
          const run = ["run", "--lake", lake, "--source", "Lost", "--endpoint", own.endpoint, "--once"];
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
