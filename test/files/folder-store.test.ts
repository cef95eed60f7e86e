import { mkdir, readdir, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { READ_BYTES_MAX } from "../../src/core/ports/object-store.ts";
import { vacuumFolder } from "../../src/embedded/compaction/vacuum-folder.ts";
import { openLakeFolder } from "../../src/embedded/folder/lake-folder.ts";
import { folderStore, removeUnfinished } from "../../src/files/folder-store.ts";
import { registerObjectStoreTests } from "../conformance/object-store.ts";
import { withFolder } from "../support/folders.ts";

registerObjectStoreTests("in a folder", (use) =>
  withFolder((folder) => use(folderStore(join(folder, "lake")))),
);

test("what is under way has a hidden name, is never listed, and is gone after a success or a failure", async () => {
  await withFolder(async (folder) => {
    const store = folderStore(folder);
    await writeFile(join(folder, ".under-way.tmp"), "half");
    await store.create("m/1", new Uint8Array(3));
    await store.create("m/1", new Uint8Array(3));
    await store.replace("m/2", new Uint8Array(3));
    expect((await store.list("")).map(({ path }) => path)).toEqual(["m/1", "m/2"]);
    expect(await readdir(join(folder, "m"))).toEqual(["1", "2"]);
  });
});

test("a file that is too large to be read whole is refused before it is read", async () => {
  await withFolder(async (folder) => {
    const store = folderStore(folder);
    await writeFile(join(folder, "large"), "x");
    await truncate(join(folder, "large"), READ_BYTES_MAX + 1);
    await expect(store.read("large")).rejects.toMatchObject({
      code: "STORE_FAILED",
      message: expect.stringContaining("cannot read large: it has 268435457 bytes"),
    });
  });
});

test("a folder in the way is told as the store's failure, with its path", async () => {
  await withFolder(async (folder) => {
    const store = folderStore(folder);
    await mkdir(join(folder, "m/1"), { recursive: true });
    await expect(store.replace("m/1", new Uint8Array(1))).rejects.toMatchObject({ code: "STORE_FAILED" });
    expect(await readdir(join(folder, "m"))).toEqual(["1"]);
  });
});

test("what a dead process left under way is removed once it is old, and nothing else", async () => {
  await withFolder(async (folder) => {
    const left = ".0a1b2c3d-0000-4000-8000-000000000000.tmp";
    await mkdir(join(folder, "t/changes"), { recursive: true });
    for (const name of [left, `${left}.jsonl`, ".other", "rows.parquet"])
      await writeFile(join(folder, "t/changes", name), "x");
    expect(await removeUnfinished(folder, "t", 3600)).toBe(0);
    expect(await removeUnfinished(folder, "t", 0)).toBe(2);
    expect((await readdir(join(folder, "t/changes"))).sort()).toEqual([".other", "rows.parquet"]);
    expect(await removeUnfinished(folder, "no-table", 0)).toBe(0);
  });
});

test("a vacuum of a table takes what is unfinished along, and counts it", async () => {
  await withFolder(async (folder) => {
    const lake = await openLakeFolder(folder);
    try {
      await mkdir(join(folder, "t/changes"), { recursive: true });
      await writeFile(join(folder, "t/changes/.0a1b2c3d-0000-4000-8000-000000000000.tmp"), "x");
      const policy = { retentionSeconds: 0, graceSeconds: 0 };
      expect(await vacuumFolder(lake, "t", policy)).toEqual({ manifests: 0, files: 1, bytes: 0 });
      expect(await readdir(join(folder, "t/changes"))).toEqual([]);
    } finally {
      await lake.close();
    }
  });
});

// Node's own recursive mkdir never returns there.
const onLinux = process.platform === "linux" ? test : test.skip;

onLinux("a place where no folder can be made is told as the store's failure", async () => {
  await expect(folderStore("/proc/lake").create("m/1", new Uint8Array(1))).rejects.toMatchObject({
    code: "STORE_FAILED",
  });
});
