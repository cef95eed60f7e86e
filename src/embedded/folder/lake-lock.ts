/**
 * The lock that `dynalake run` holds on a lake. It is the operating system's own lock on a file, taken by DuckDB when it
 * opens a database, so that a process that dies in any way does not keep it.
 */
import { realpathSync } from "node:fs";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { DynalakeError } from "../../core/error.ts";
import { fileError } from "../../files/file-error.ts";
import { makeFolder } from "../../files/folder-store.ts";

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
    const instance = await DuckDBInstance.create(file, { threads: "1" });
    return {
      release: () => {
        instance.closeSync();
        heldHere.delete(file);
      },
    };
  } catch (error) {
    heldHere.delete(file);
    // Without the file's path, which says "lock" in whatever failed.
    const message = (error instanceof Error ? error.message : String(error)).replaceAll(file, "the file");
    if (/lock/i.test(message)) throw locked(root, holderIn(message));
    throw new DynalakeError(
      "STORE_FAILED",
      `the lock of ${root} cannot be taken: ${message.split("\n")[0]}`,
      {
        cause: error,
        next: `Check the file's rights and the space on its disk. It holds nothing: where it is damaged, remove ${file} while nothing runs on the lake.`,
      },
    );
  }
}

function holderIn(message: string): string {
  const pid = /PID (\d+)/.exec(message)?.[1];
  return pid === undefined ? "another process" : `process ${pid}`;
}

function locked(root: string, holder: string): DynalakeError {
  return new DynalakeError("LAKE_LOCKED", `${holder} is already running on the lake ${root}`);
}
