/** A lake in a folder of this machine, opened for one piece of work: its store, its engine, and their limits. */
import { tmpdir, totalmem } from "node:os";
import { resolve } from "node:path";
import type { ObjectStore } from "../../core/ports/object-store.ts";
import type { QueryEngine } from "../../core/ports/query-engine.ts";
import { folderStore, requireFolder } from "../../files/folder-store.ts";
import { temporaryFolder } from "../../files/temporary-folder.ts";
import { duckdbEngine } from "../duckdb/duckdb-engine.ts";
import { type DuckdbSession, openDuckdb } from "../duckdb/duckdb-session.ts";

export interface LakeFolder {
  /** The lake's folder, absolute. */
  readonly root: string;
  readonly store: ObjectStore;
  readonly session: DuckdbSession;
  readonly engine: QueryEngine;
  /** Interrupts what runs, waits for it, and frees everything. */
  close(): Promise<void>;
}

export interface LakeLimits {
  readonly threads: number;
  readonly memoryMegabytes: number;
}

const MEMORY_MEGABYTES_MIN = 700;

/**
 * What a session may take before it uses the disk: a quarter of the memory that this process can have. Large rows need it:
 * the engine holds two thousand of them at once, and a row can have 400 KB.
 */
function memoryShareMegabytes(): number {
  const memory = Math.min(totalmem(), process.constrainedMemory() || Number.POSITIVE_INFINITY);
  return Math.max(MEMORY_MEGABYTES_MIN, Math.floor(memory / 4_000_000));
}

export const DEFAULT_LIMITS: LakeLimits = { threads: 2, memoryMegabytes: memoryShareMegabytes() };

/**
 * Opens the lake in `folder`, which need not exist yet: only writing creates it. When the signal is aborted, the engine's
 * statements reject with its reason. Throws USAGE if `folder` is a file.
 */
export async function openLakeFolder(
  folder: string,
  limits: LakeLimits = DEFAULT_LIMITS,
  signal?: AbortSignal,
): Promise<LakeFolder> {
  const root = resolve(folder);
  requireFolder(root, folder);
  const temporary = temporaryFolder(tmpdir(), "dynalake-");
  try {
    const session = await openDuckdb({ ...limits, temporaryFolder: temporary.path }, signal);
    return {
      root,
      store: folderStore(root),
      session,
      engine: duckdbEngine(root, session),
      close: async () => {
        await session.close();
        await temporary.remove();
      },
    };
  } catch (error) {
    await temporary.remove();
    throw error;
  }
}
