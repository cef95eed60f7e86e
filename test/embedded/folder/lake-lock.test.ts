import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readdir, stat, symlink, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { lockLake } from "../../../src/embedded/folder/lake-lock.ts";
import { withFolder } from "../../support/folders.ts";

const duckdb = createRequire(import.meta.url).resolve("@duckdb/node-api");

/** A process that opens the lock file, reports it, and waits to be killed. */
const HOLDER = `
  const { DuckDBInstance } = require(process.argv[1]);
  DuckDBInstance.create(process.argv[2]).then((held) => { globalThis.held = held; console.log("held"); setInterval(() => {}, 1000); });
`;

test("a second lock on one lake is refused, and can be had once the first is released", async () => {
  await withFolder(async (folder) => {
    const first = await lockLake(folder);
    await expect(lockLake(folder)).rejects.toMatchObject({ code: "LAKE_LOCKED" });
    first.release();
    (await lockLake(folder)).release();
  });
});

test("of many that ask at once one gets the lock, whatever they call the folder", async () => {
  await withFolder(async (folder) => {
    const lake = join(folder, "lake");
    await mkdir(lake);
    const link = join(folder, "link");
    await symlink(lake, link, "junction");
    const asked = await Promise.allSettled([lake, lake, link].map((root) => lockLake(root)));
    const got = asked.filter((each) => each.status === "fulfilled");
    expect(got).toHaveLength(1);
    for (const each of asked)
      if (each.status === "rejected") expect(each.reason).toMatchObject({ code: "LAKE_LOCKED" });
    got[0]?.value.release();
    (await lockLake(link)).release();
  });
});

test("another process's lock is respected, and goes with the process however it dies", async () => {
  await withFolder(async (folder) => {
    const holder = spawn(process.execPath, ["-e", HOLDER, duckdb, `${folder}/.run.lock`], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    try {
      await once(holder.stdout, "data");
      await expect(lockLake(folder)).rejects.toMatchObject({
        code: "LAKE_LOCKED",
        message: expect.stringContaining(String(holder.pid)),
      });
    } finally {
      holder.kill("SIGKILL");
      await once(holder, "exit");
    }
    (await lockLake(folder)).release();
  });
});

test("an empty lock file, which a full disk leaves, is repaired in place", async () => {
  await withFolder(async (folder) => {
    const file = join(folder, ".run.lock");
    await writeFile(file, "");
    const { ino } = await stat(file);
    const asked = await Promise.allSettled([lockLake(folder), lockLake(folder)]);
    const [got, ...others] = asked.filter((each) => each.status === "fulfilled");
    expect({ got: got?.status, others }).toEqual({ got: "fulfilled", others: [] });
    expect((await stat(file)).ino).toBe(ino);
    got?.value.release();
    expect(await readdir(folder)).toEqual([".run.lock"]);
  });
});

test.each([
  ["damaged", (file: string) => writeFile(file, "no database".repeat(1000))],
  ["a folder", (file: string) => mkdir(file)],
])("a lock's file that is %s is no other process, and is named", async (_, spoil) => {
  await withFolder(async (folder) => {
    await spoil(join(folder, ".run.lock"));
    await expect(lockLake(folder)).rejects.toMatchObject({
      code: "STORE_FAILED",
      next: expect.stringContaining(join(folder, ".run.lock")),
    });
  });
});
