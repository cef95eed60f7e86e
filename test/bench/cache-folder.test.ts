/** What benchmarks keep between their runs. */
import { readdirSync, rmSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { afterAll, expect, test } from "@jest/globals";
import { cachedFolder } from "../../bench/cache-folder.ts";

const root = join(import.meta.dirname, "..", "..");
const source = `.cache/test-cache-folder-${process.pid}.txt`;
const cached = { name: `test-${process.pid}`, madeBy: [source] };
let cache = "";
let times = 0;

async function make(folder: string): Promise<void> {
  await mkdir(folder);
  times += 1;
}

afterAll(() => {
  rmSync(join(root, source), { force: true });
  for (const name of own()) rmSync(join(cache, name), { recursive: true, force: true });
});

function own(): readonly string[] {
  return readdirSync(cache).filter((name) => name.startsWith(cached.name));
}

test("a folder is made once for the same sources, and again when they change", async () => {
  await mkdir(join(root, ".cache"), { recursive: true });
  await writeFile(join(root, source), "one");
  const first = await cachedFolder(cached, make);
  cache = dirname(first);
  expect(await cachedFolder(cached, make)).toBe(first);
  expect(times).toBe(1);
  await writeFile(join(root, source), "two");
  const second = await cachedFolder(cached, make);
  expect(times).toBe(2);
  expect(own()).toEqual([basename(second)]);
});

test("a folder whose making fails is not kept", async () => {
  await writeFile(join(root, source), "three");
  const fail = async (folder: string): Promise<void> => {
    await mkdir(folder);
    throw new Error("full");
  };
  await expect(cachedFolder(cached, fail)).rejects.toThrow("full");
  expect(own()).toEqual([]);
  const folder = await cachedFolder(cached, make);
  expect(own()).toEqual([basename(folder)]);
});
