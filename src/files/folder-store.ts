/** The object store in a folder on this machine. A name that begins with a dot is an object that is still being written. */

import { randomUUID } from "node:crypto";
import { statSync } from "node:fs";
import { type FileHandle, link, mkdir, open, readdir, rename, rm, rmdir, stat } from "node:fs/promises";
import { basename, dirname, join, relative, sep } from "node:path";
import { DynalakeError } from "../core/error.ts";
import {
  type ObjectStore,
  pathInside,
  READ_BYTES_MAX,
  type StoredObject,
  tooLarge,
} from "../core/ports/object-store.ts";
import { fileError, systemCode } from "./file-error.ts";

const OPEN_TRIES = 3;

/** Opens the store. The first write creates its folder. */
export function folderStore(root: string): ObjectStore {
  const at = (path: string): string => join(root, pathInside(path));
  return {
    read: async (path) => {
      try {
        return await readWhole(at(path), path);
      } catch (error) {
        if (isAbsent(error)) return undefined;
        throw fileError(error, path);
      }
    },
    list: async (prefix) => listFiles(root, pathInside(prefix)),
    names: async (prefix, after = "") => listNames(root, pathInside(prefix), after),
    folders: async (prefix) => listFolders(at(prefix)),
    create: async (path, content) => {
      const temporary = await writeTemporary(at(path), content);
      try {
        await link(temporary, at(path)); // breakage: create-never-replaces
        await syncFolder(dirname(at(path)));
        return "created";
      } catch (error) {
        if (systemCode(error) === "EEXIST") return "exists";
        throw fileError(error, path);
      } finally {
        await rm(temporary, { force: true });
      }
    },
    replace: async (path, content) => {
      const temporary = await writeTemporary(at(path), content);
      await publish(temporary, at(path));
    },
    remove: async (paths) => {
      for (const path of paths) {
        try {
          await removeFile(at(path), root);
        } catch (error) {
          throw fileError(error, path);
        }
      }
    },
  };
}

async function readWhole(file: string, path: string): Promise<Uint8Array> {
  const handle = await open(file, "r");
  try {
    const { size } = await handle.stat();
    if (size > READ_BYTES_MAX) throw tooLarge(path, size);
    return await handle.readFile();
  } finally {
    await handle.close();
  }
}

function isAbsent(error: unknown): boolean {
  const code = systemCode(error);
  return code === "ENOENT" || code === "ENOTDIR";
}

/** Writes and syncs the content to a hidden file next to the target. */
async function writeTemporary(target: string, content: Uint8Array): Promise<string> {
  const temporary = temporaryPath(target);
  try {
    const file = await openNew(temporary);
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    return temporary;
  } catch (error) {
    await rm(temporary, { force: true });
    throw fileError(error, target);
  }
}

/**
 * Creates a folder and its missing parents, all of them durable: a synced file is lost if the name of its folder is. Creates
 * them one by one, because Node's recursive mkdir never returns on a file system such as /proc that answers ENOENT.
 */
export async function makeFolder(path: string): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      await mkdir(path);
      return await syncFolder(dirname(path));
    } catch (error) {
      if (systemCode(error) === "EEXIST" && (await stat(path)).isDirectory()) return;
      if (tries === OPEN_TRIES || systemCode(error) !== "ENOENT" || dirname(path) === path) throw error;
    }
    await makeFolder(dirname(path));
  }
}

/** Creates a file and its folder; and the folder again, if it was removed in between together with its last file. */
async function openNew(path: string): Promise<FileHandle> {
  for (let tries = 1; ; tries++) {
    await makeFolder(dirname(path));
    try {
      return await open(path, "wx");
    } catch (error) {
      if (tries === OPEN_TRIES || systemCode(error) !== "ENOENT") throw error;
    }
  }
}

/**
 * Removes a file of the lake, and the folders below `<table>/<kind>/` that become empty. If the file does not exist, it
 * still removes the folders.
 */
export async function removeFile(file: string, root: string): Promise<void> {
  await rm(file, { force: true }).catch((error: unknown) => {
    if (!isAbsent(error)) throw error;
  });
  for (let folder = dirname(file); relative(root, folder).split(sep).length > 2; folder = dirname(folder)) {
    try {
      await rmdir(folder);
    } catch (error) {
      if (!isAbsent(error)) return;
    }
  }
}

/** Removes `folder` and every folder in it, unless they hold a file. Nothing may be written there meanwhile. */
export async function removeEmptyFolders(folder: string): Promise<void> {
  for (const name of await listFolders(folder)) await removeEmptyFolders(join(folder, name));
  await rmdir(folder).catch(() => undefined);
}

/** A unique hidden name next to `target`. */
export function temporaryPath(target: string): string {
  return join(dirname(target), `.${randomUUID()}.tmp`);
}

/** Durably renames a complete, synced file to its visible name. */
export async function publish(temporary: string, target: string): Promise<void> {
  try {
    await rename(temporary, target);
    await syncFolder(dirname(target));
  } catch (error) {
    await rm(temporary, { force: true });
    throw fileError(error, target);
  }
}

/** Syncs a file that was written by other code. */
export async function syncFile(path: string): Promise<void> {
  const file = await open(path, "r+");
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Makes the names in a folder durable. Windows cannot open folders, and does not need to. */
export async function syncFolder(path: string): Promise<void> {
  if (process.platform === "win32") return;
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

async function listFolders(path: string): Promise<readonly string[]> {
  try {
    const entries = await readdir(path, { withFileTypes: true });
    return entries
      .filter((entry) => entry.isDirectory() && !entry.name.startsWith("."))
      .map((entry) => entry.name)
      .sort();
  } catch (error) {
    if (isAbsent(error)) return [];
    throw fileError(error, path);
  }
}

/** A file that is removed during the listing is left out. */
async function listFiles(root: string, prefix: string): Promise<readonly StoredObject[]> {
  const objects: StoredObject[] = [];
  for (const path of await listNames(root, prefix, "")) {
    const facts = await stat(join(root, path)).catch((error: unknown) => {
      if (isAbsent(error)) return undefined;
      throw fileError(error, path);
    });
    if (facts) objects.push({ path, bytes: facts.size, modifiedMs: facts.mtimeMs });
  }
  return objects;
}

async function listNames(root: string, prefix: string, after: string): Promise<readonly string[]> {
  const names: string[] = [];
  await collect(root, prefix, after, names);
  return names.sort();
}

/** `prefix` ends in "/" or is empty. */
async function collect(root: string, prefix: string, after: string, names: string[]): Promise<void> {
  let entries: Awaited<ReturnType<typeof entriesOf>>;
  try {
    entries = await entriesOf(join(root, prefix));
  } catch (error) {
    if (isAbsent(error)) return;
    throw fileError(error, prefix);
  }
  for (const entry of entries) {
    if (entry.name.startsWith(".")) continue;
    const path = `${prefix}${entry.name}`;
    if (entry.isFile() && path > after) names.push(path);
    // Nothing below a folder comes after what comes after all that begins as it does.
    const isPassed = `${path}/` < after && !after.startsWith(`${path}/`);
    if (entry.isDirectory() && !isPassed) await collect(root, `${path}/`, after, names);
  }
}

function entriesOf(path: string): Promise<import("node:fs").Dirent[]> {
  return readdir(path, { withFileTypes: true });
}

/**
 * Removes what processes left unfinished when they died, if it is older than `graceSeconds`: hidden files, and empty folders
 * of runs. Returns the number of files.
 */
export async function removeUnfinished(root: string, folder: string, graceSeconds: number): Promise<number> {
  const unfinished = await unfinishedIn(root, folder, graceSeconds);
  for (const { isFolder, path } of unfinished) {
    if (isFolder) await removeEmptyFolders(path);
    else await rm(path, { force: true });
  }
  return unfinished.filter(({ isFolder }) => !isFolder).length;
}

/** The number of files that `removeUnfinished` would remove. */
export async function countUnfinished(root: string, folder: string, graceSeconds: number): Promise<number> {
  return (await unfinishedIn(root, folder, graceSeconds)).filter(({ isFolder }) => !isFolder).length;
}

interface Unfinished {
  readonly path: string;
  readonly isFolder: boolean;
}

async function unfinishedIn(
  root: string,
  folder: string,
  graceSeconds: number,
): Promise<readonly Unfinished[]> {
  const found: Unfinished[] = [];
  const entries = await readdir(join(root, folder), { recursive: true, withFileTypes: true }).catch(
    (error: unknown) => {
      // Another process is removing folders too. The next call removes the rest.
      if (isAbsent(error)) return [];
      throw fileError(error, folder);
    },
  );
  for (const entry of entries) {
    const path = join(entry.parentPath, entry.name);
    const isUnfinished = entry.isFile() && /^\.[0-9a-f-]{36}\.tmp(\.jsonl)?$/.test(entry.name);
    const isOfRun = entry.isDirectory() && /^(staging|segments)$/.test(basename(entry.parentPath));
    if (!isUnfinished && !isOfRun) continue;
    const facts = await stat(path).catch(() => undefined);
    if (facts === undefined || Date.now() - facts.mtimeMs < graceSeconds * 1000) continue;
    found.push({ path, isFolder: isOfRun });
  }
  return found;
}

/** Throws USAGE if there is a file where the lake's folder should be; the message calls it `name`. */
export function requireFolder(root: string, name: string): void {
  if (statSync(root, { throwIfNoEntry: false })?.isDirectory() !== false) return;
  throw new DynalakeError("USAGE", `the lake ${name} is a file, not a folder`);
}
