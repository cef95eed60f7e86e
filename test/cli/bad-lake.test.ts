/** A lake that this version cannot read, that does not exist, or whose disk is full. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, statfs, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { temporaryFolder } from "../../src/files/temporary-folder.ts";
import {
  done,
  dynalake,
  dynalakes,
  expectRefused,
  fingerprint,
  type ItemJson,
  lakeItems,
  nextSecond,
  rowsOf,
} from "../support/cli.ts";
import { withFolder } from "../support/folders.ts";
import { writeExport } from "./export-fixture.ts";

const ITEMS: readonly ItemJson[] = Array.from({ length: 50 }, (_, i) => ({
  Id: { S: `id-${i}` },
  Text: { S: `${i * 7919} `.repeat(20) },
}));

let folder: string;
let lake: string;
let event: string;
let whole: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "dynalake-test-"));
  lake = join(folder, "lake");
  event = join(folder, "event.json");
  const record = {
    eventName: "INSERT",
    dynamodb: { Keys: { Id: { S: "new" } }, NewImage: { Id: { S: "new" } }, SequenceNumber: "1" },
  };
  await writeFile(event, JSON.stringify({ Records: [record] }));
  whole = await writeExport(join(folder, "export"), ITEMS);
  await done(["snapshot", "--from-export", whole, "--key", "Id", "--name", "t", "--lake", lake]);
});

afterAll(() => rm(folder, { recursive: true, force: true }));

/** The command lines that work on a lake, for the table "t". */
function commands(): readonly (readonly string[])[] {
  return [
    ["snapshot", "--from-export", whole, "--key", "Id", "--name", "t"],
    ["snapshot", "--source", "t", "--endpoint", "http://127.0.0.1:1"],
    ["run", "--once"],
    ["run", "--once", "--name", "t"],
    ["compact"],
    ["query", "SELECT * FROM t"],
    ["query", "SELECT 1"],
    ["status", "--json"],
    ["items", "--table", "t"],
    ["replay", event],
    ["replay", event, "--name", "t", "--key", "Id"],
    ["vacuum", "--retention-hours", "0", "--grace-hours", "0"],
  ];
}

test("a lake written by a newer version is refused by every command", async () => {
  await withFolder(async (own) => {
    const newer = join(own, "lake");
    await cp(lake, newer, { recursive: true });
    const manifest = join(newer, "t", "manifest", "000000000001.json");
    const text = await readFile(manifest, "utf8");
    await writeFile(
      join(newer, "t", "manifest", "000000000002.json"),
      text.replace(/"format": \d+/, '"format": 99'),
    );
    const before = await fingerprint(newer);
    // A scan fails at its endpoint before the lake is read.
    const asked = commands().filter(([, option]) => option !== "--source");
    for (const ended of await dynalakes(asked.map((command) => [...command, "--lake", newer]))) {
      expectRefused(ended, { code: "LAKE_NEWER", names: ["000000000002.json", "99"], next: "Upgrade" });
    }
    expect(await fingerprint(newer)).toEqual(before);
  });
});

test("a folder that is no lake is told by every command that needs one, and is left alone", async () => {
  await withFolder(async (own) => {
    await writeFile(join(own, "notes.txt"), "mine");
    const before = await fingerprint(own);
    const reading = commands().filter(([name, ...rest]) => name !== "snapshot" && !rest.includes("--key"));
    for (const ended of await dynalakes(reading.map((command) => [...command, "--lake", own]))) {
      expectRefused(ended, { code: "LAKE_NOT_FOUND", names: [/lake/], next: /--lake|--source/ });
    }
    expect(await fingerprint(own)).toEqual(before);
  });
});

test("`demo` makes its own lake anew and nobody else's", async () => {
  const before = await fingerprint(lake);
  expectRefused(await dynalake(["demo", "--lake", lake]), { code: "USAGE", names: [lake], next: "--lake" });
  expect(await fingerprint(lake)).toEqual(before);
});

test("a table that the lake does not have", async () => {
  const before = await fingerprint(lake);
  const asked = ["compact", "status", "items", "vacuum"];
  for (const ended of await dynalakes(
    asked.map((command) => [command, "--lake", lake, "--table", "other"]),
  )) {
    expectRefused(ended, { code: "LAKE_NOT_FOUND", names: ['"other"', "its tables are t"] });
  }
  expect(await fingerprint(lake)).toEqual(before);
});

test("a data file that is missing or cut off is named, and not the statement", async () => {
  const damages: readonly ((file: string) => Promise<void>)[] = [
    (file) => rm(file),
    (file) => truncate(file, 0),
    (file) => truncate(file, 100),
    async (file) => {
      const content = await readFile(file);
      await writeFile(file, content.fill(0xff, content.length - 20, content.length - 10));
    },
  ];
  for (const damage of damages) {
    await withFolder(async (own) => {
      const damaged = join(own, "lake");
      await cp(lake, damaged, { recursive: true });
      const names = await readdir(damaged, { recursive: true });
      await damage(join(damaged, names.find((name) => name.endsWith("rows.parquet")) ?? ""));
      const before = await fingerprint(damaged);
      for (const command of [["query", "SELECT max(text) FROM t"], ["items"], ["status"]]) {
        const ended = await dynalake([...command, "--lake", damaged]);
        expectRefused(ended, { code: "LAKE_DAMAGED", names: [/parquet|type/], next: "backup" });
      }
      expect(await fingerprint(damaged)).toEqual(before);
    });
  }
});

test("a file that cannot be written in the folder of a lake is the folder's fault", async () => {
  const ended = await dynalake(["replay", event, "--name", "t", "--key", "Id", "--lake", "/proc/lake"]);
  expectRefused(ended, { code: "STORE_FAILED", names: ["/proc/lake", "no such file or directory (ENOENT)"] });
});

test("a snapshot that cannot write its files is told by the table's folder, and not by one that is gone", async () => {
  await withFolder(async (own) => {
    await mkdir(join(own, "t"));
    await writeFile(join(own, "t", "staging"), "in the way");
    const before = await fingerprint(own);
    const snapshot = ["snapshot", "--from-export", whole, "--key", "Id", "--table", "t", "--lake", own];
    const place = new RegExp(`cannot write to ${join(own, "t")}: not a directory \\(ENOTDIR\\)`);
    expectRefused(await dynalake(snapshot), {
      code: "STORE_FAILED",
      names: [place, /^(?!.*staging)/s],
      next: "take the snapshot again",
    });
    expect(await fingerprint(own)).toEqual(before);
    await rm(join(own, "t", "staging"));
    await writeFile(join(own, "t", "segments"), "in the way");
    expectRefused(await dynalake(snapshot), { code: "STORE_FAILED", names: [join(own, "t")] });
  });
});

test("a folder of a command's own is not named where it cannot be made", () => {
  expect(() => temporaryFolder("/proc", "own-")).toThrow(/^\/proc: no such file or directory \(ENOENT\)$/);
});

const testOnTinyDisk = mayMount() ? test : test.skip;

testOnTinyDisk(
  "a full disk is told, and once there is room again the same commands succeed (needs the right to mount one)",
  async () => {
    await withTinyDisk(async (disk) => {
      const full = join(disk, "lake");
      await cp(lake, full, { recursive: true });
      await done(["replay", event, "--lake", full]);
      // A compaction leaves out the second that it begins in, and this one has to have something to write.
      await nextSecond();
      const before = await fingerprint(full);
      const items = await lakeItems(full);

      const filling = join(disk, "filling");
      const { bsize, bavail } = await statfs(disk);
      await writeFile(filling, new Uint8Array(bsize * bavail));
      const writing: readonly (readonly string[])[] = [
        ["snapshot", "--from-export", whole, "--key", "Id", "--name", "other"],
        ["snapshot", "--from-export", whole, "--name", "t"],
        ["replay", event, "--name", "t"],
        ["compact", "--table", "t"],
      ];
      for (const command of writing) {
        const ended = await dynalake([...command, "--lake", full]);
        expectRefused(ended, { code: "DISK_FULL", names: [/no space left/], next: "Free some space" });
        expect({ command, files: onlyFiles(await fingerprint(full)) }).toEqual({
          command,
          files: onlyFiles(before),
        });
      }
      // Reading needs no disk space.
      expect(await lakeItems(full)).toEqual(items);

      await rm(filling);
      for (const command of writing) await done([...command, "--lake", full]);
      expect(await lakeItems(full, "--table", "t")).toEqual(items);
      expect(await rowsOf(full, "SELECT count(*) AS n FROM other")).toEqual(['{"n":50}']);
    });
  },
);

function onlyFiles(found: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(found).filter(([, content]) => content !== "a folder"));
}

/** Whether this process may mount a file system. */
function mayMount(): boolean {
  if (process.platform !== "linux" || process.getuid?.() !== 0) return false;
  const at = mkdtempSync(join(tmpdir(), "dynalake-test-"));
  try {
    mount(at);
    execFileSync("umount", [at]);
    return true;
  } catch {
    return false;
  } finally {
    rmSync(at, { recursive: true, force: true });
  }
}

function mount(at: string): void {
  execFileSync("mount", ["-t", "tmpfs", "-o", "size=512k", "tmpfs", at], { stdio: "ignore" });
}

/** Runs `use` on a file system of half a megabyte. */
async function withTinyDisk(use: (disk: string) => Promise<void>): Promise<void> {
  await withFolder(async (own) => {
    const disk = join(own, "disk");
    await mkdir(disk);
    mount(disk);
    try {
      await use(disk);
    } finally {
      execFileSync("umount", [disk]);
    }
  });
}
