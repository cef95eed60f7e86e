/**
 * The lock of a kind of work on a table. It saves work, and no more: what two executions do at once does no harm, since one commit
 * alone is the next. Its files are numbered, and to create the next one is to have the lock.
 */
import * as z from "zod/mini";
import { lockNumber, lockPath, locksFolder } from "../format/deployment-path.ts";
import { type LakeFile, lakeFileBytes } from "../format/lake-file.ts";
import type { ObjectStore } from "../ports/object-store.ts";
import { readLakeFile } from "./stored-file.ts";

/** What names an execution that may be at work. */
export interface LockHolder {
  readonly execution: string;
}

const lockFile: LakeFile<LockHolder> = {
  name: "lock",
  shape: z.object({ execution: z.string().check(z.minLength(1)) }),
  next: "Delete it: it only saves work.",
};

export interface LockRequest extends LockHolder {
  readonly table: string;
  readonly kind: string;
  /** Whether another execution is still at work. */
  readonly isRunning: (execution: string) => Promise<boolean>;
}

/** Whether the execution has the lock; asking again gives the same. A holder whose execution has ended is followed. */
export async function takeLock(store: ObjectStore, request: LockRequest): Promise<boolean> {
  const { execution, kind, table } = request;
  const paths = await lockPaths(store, table, kind);
  const newest = paths.at(-1);
  const holder = newest === undefined ? undefined : await readLakeFile(store, lockFile, newest);
  if (holder?.execution === execution) return true;
  if (holder !== undefined && (await request.isRunning(holder.execution))) return false; // breakage: running-holder-keeps-lock
  const next = newest === undefined ? 0 : (lockNumber(newest) ?? 0) + 1;
  const content = lakeFileBytes({ execution } satisfies LockHolder);
  if ((await store.create(lockPath(table, kind, next), content)) === "exists") return false;
  await store.remove(paths);
  return true;
}

/** The execution that took the lock last, whether it is still at work or not. */
export async function lockHolder(
  store: ObjectStore,
  table: string,
  kind: string,
): Promise<string | undefined> {
  const newest = (await lockPaths(store, table, kind)).at(-1);
  return newest === undefined ? undefined : (await readLakeFile(store, lockFile, newest))?.execution;
}

async function lockPaths(store: ObjectStore, table: string, kind: string): Promise<readonly string[]> {
  return (await store.list(locksFolder(table, kind))).map(({ path }) => path);
}
