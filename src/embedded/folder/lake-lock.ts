/**
 * The lock that `dynalake run` holds on a lake. It is the operating system's own lock on a file, taken by DuckDB when it
 * opens a database, so that a process that dies in any way does not keep it.
 */
import { randomBytes } from "node:crypto";
import { realpathSync } from "node:fs";
import { link, open, readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { DynalakeError } from "../../core/error.ts";
import { fileError, systemCode } from "../../files/file-error.ts";
import { makeFolder } from "../../files/folder-store.ts";
import { duckdbClient } from "../duckdb/duckdb-client.ts";
import { engineError } from "../duckdb/duckdb-error.ts";

export interface LakeLock {
  release(): void;
}

const heldHere = new Set<string>();

/** Takes the lock; throws LAKE_LOCKED at once where another process holds it. */
export async function lockLake(root: string): Promise<LakeLock> {
  await makeFolder(root).catch((error: unknown) => {
    throw fileError(error, root);
  });
  // The same folder by any name: the system's lock does not exclude its own process, which loses it when it closes the file.
  const file = join(realpathSync(root), ".run.lock");
  if (heldHere.has(file)) throw locked(root, "this process"); // breakage: lake-locked-once
  heldHere.add(file);
  try {
    await ensureLockFile(file);
    const instance = await duckdbClient.DuckDBInstance.create(file, { threads: "1" });
    return {
      release: () => {
        instance.closeSync();
        heldHere.delete(file);
      },
    };
  } catch (error) {
    heldHere.delete(file);
    throw lockError(error, root, file);
  }
}

/**
 * Puts a lock's file there, whole: where the disk gets full while the engine makes it, an empty one stays, which no engine opens.
 * It is made under another name and linked, and an empty one is written over in place. Nothing is ever unlinked, since two
 * processes that do so could each hold a file of their own.
 */
async function ensureLockFile(file: string): Promise<void> {
  const size = await stat(file).then(
    (facts) => facts.size,
    () => undefined,
  );
  if (size !== undefined && size > 0) return; // breakage: empty-lock-file-repaired
  const whole = `${file}.${randomBytes(6).toString("hex")}`;
  try {
    (await duckdbClient.DuckDBInstance.create(whole, { threads: "1" })).closeSync();
    if (size === undefined) await linkUnlessThere(whole, file);
    else await writeOver(file, await readFile(whole));
  } finally {
    await rm(whole, { force: true });
  }
}

/** A file system without links gets its file from the engine. */
const NO_LINKS: ReadonlySet<string | undefined> = new Set(["EEXIST", "EPERM", "ENOTSUP", "ENOSYS"]);

async function linkUnlessThere(whole: string, file: string): Promise<void> {
  await link(whole, file).catch((error: unknown) => {
    if (!NO_LINKS.has(systemCode(error))) throw error;
  });
}

/** In one write, so that of two at once one is there whole. */
async function writeOver(file: string, content: Uint8Array): Promise<void> {
  const handle = await open(file, "r+");
  try {
    await handle.write(content, 0, content.length, 0);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function lockError(error: unknown, root: string, file: string): DynalakeError {
  if (systemCode(error) !== undefined) return fileError(error, file);
  const engine = engineError(error);
  if (engine.code === "DISK_FULL") return engine;
  // Without the file's path, which says "lock" in whatever failed.
  const message = (error instanceof Error ? error.message : String(error)).replaceAll(
    `"${file}"`,
    "its file",
  );
  if (/lock/i.test(message.replaceAll(file, ""))) return locked(root, holderIn(message));
  return new DynalakeError("STORE_FAILED", `the lock of ${root} cannot be taken: ${message.split("\n")[0]}`, {
    cause: error,
    next: `Check the file's rights and the space on its disk. It holds nothing: where it is damaged, remove ${file} while nothing runs on the lake.`,
  });
}

function holderIn(message: string): string {
  const pid = /PID (\d+)/.exec(message)?.[1];
  return pid === undefined ? "another process" : `process ${pid}`;
}

function locked(root: string, holder: string): DynalakeError {
  return new DynalakeError("LAKE_LOCKED", `${holder} is already running on the lake ${root}`);
}
