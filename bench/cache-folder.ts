/** Where benchmarks keep what takes long to make, between their runs. Git ignores it, and it may be deleted at any time. */
import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const CACHE_FOLDER = join(ROOT, ".cache", "bench");

export interface Cached {
  readonly name: string;
  /** Files and folders of the repository. When one of them changes, what they made is made again. */
  readonly madeBy: readonly string[];
}

/** A folder of the cache, which `make` fills if it is not there yet. One that was not finished does not count. */
export async function cachedFolder(
  { name, madeBy }: Cached,
  make: (folder: string) => Promise<void>,
): Promise<string> {
  const folder = join(CACHE_FOLDER, `${name}@${await contentHash(madeBy)}`);
  if (await stat(folder).catch(() => undefined)) return folder;
  await mkdir(CACHE_FOLDER, { recursive: true });
  const stale = (await readdir(CACHE_FOLDER)).filter((other) => other.startsWith(`${name}@`));
  for (const other of stale) await rm(join(CACHE_FOLDER, other), { recursive: true, force: true });
  const unfinished = `${folder}.${process.pid}.unfinished`;
  try {
    await make(unfinished);
    await rename(unfinished, folder);
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
  return folder;
}

async function contentHash(paths: readonly string[]): Promise<string> {
  const hash = createHash("sha256");
  for (const path of paths)
    for (const file of await filesBelow(path))
      hash.update(`${file}\0`).update(await readFile(join(ROOT, file)));
  return hash.digest("hex").slice(0, 12);
}

async function filesBelow(path: string): Promise<readonly string[]> {
  if ((await stat(join(ROOT, path))).isFile()) return [path];
  const entries = await readdir(join(ROOT, path), { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)))
    .toSorted();
}

/** Does `work` with a folder that is deleted afterwards. */
export async function withScratchFolder<Result>(work: (folder: string) => Promise<Result>): Promise<Result> {
  const folder = await mkdtemp(join(tmpdir(), "dynalake-bench-"));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
