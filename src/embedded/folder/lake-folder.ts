/** A lake in a folder of this machine, opened: its store, its engine and what they are bounded by. */
import { randomBytes } from "node:crypto";
import { mkdirSync, rmSync, statSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir, totalmem } from "node:os";
import { join, resolve } from "node:path";
import { DynalakeError } from "../../core/error.ts";
import { changesFolder } from "../../core/format/lake-path.ts";
import type { ObjectStore } from "../../core/ports/object-store.ts";
import type { QueryEngine } from "../../core/ports/query-engine.ts";
import { latestManifest } from "../../core/table/lake-table.ts";
import { fileError } from "../../files/file-error.ts";
import { folderStore } from "../../files/folder-store.ts";
import { duckdbEngine } from "../duckdb/duckdb-engine.ts";
import { type DuckdbSession, openDuckdb } from "../duckdb/duckdb-session.ts";

export interface LakeFolder {
  /** The lake's folder, absolute. */
  readonly root: string;
  readonly store: ObjectStore;
  readonly session: DuckdbSession;
  readonly engine: QueryEngine;
  close(): Promise<void>;
}

export interface LakeLimits {
  readonly threads: number;
  readonly memoryMegabytes: number;
}

const MEMORY_MEGABYTES_MIN = 700;

/**
 * What a session may take before it goes to the disk: a quarter of the memory that this process can have. It is used where rows
 * are large: the engine holds two thousand of them at once, and a row can have 400 KB.
 */
function memoryShareMegabytes(): number {
  const memory = Math.min(totalmem(), process.constrainedMemory() || Number.POSITIVE_INFINITY);
  return Math.max(MEMORY_MEGABYTES_MIN, Math.floor(memory / 4_000_000));
}

export const DEFAULT_LIMITS: LakeLimits = { threads: 2, memoryMegabytes: memoryShareMegabytes() };

/** Opens the lake in `folder`, which need not exist yet: only writing makes it. */
export async function openLakeFolder(
  folder: string,
  limits: LakeLimits = DEFAULT_LIMITS,
): Promise<LakeFolder> {
  const root = resolve(folder);
  if (statSync(root, { throwIfNoEntry: false })?.isDirectory() === false) {
    throw new DynalakeError("USAGE", `the lake ${folder} is a file, not a folder`);
  }
  const temporaryFolder = join(tmpdir(), `dynalake-${randomBytes(6).toString("hex")}`);
  try {
    mkdirSync(temporaryFolder, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw fileError(error, temporaryFolder);
  }
  // Also where the process is interrupted, or its reader goes away.
  const removeNow = (): void => rmSync(temporaryFolder, { recursive: true, force: true });
  process.once("exit", removeNow);
  const session = await openDuckdb({ ...limits, temporaryFolder });
  return {
    root,
    store: folderStore(root),
    session,
    engine: duckdbEngine(root, session),
    close: async () => {
      session.close();
      process.removeListener("exit", removeNow);
      await rm(temporaryFolder, { recursive: true, force: true });
    },
  };
}

/** Whether the table has a commit or a change. A schema alone is what a first snapshot left that never ended: it binds nobody. */
export async function holdsData(store: ObjectStore, table: string): Promise<boolean> {
  const { sequence } = await latestManifest(store, table);
  return sequence > 0 || (await store.folders(changesFolder(table))).length > 0;
}

export { newRun, nowSeconds } from "../../sdk/run-name.ts";
