/** Opens a lake in a folder. */

import { requireFolder } from "../files/folder-store.ts";
import { systemTiming, type Timing } from "../sdk/timing.ts";
import { FolderLake } from "./folder-lake.ts";
import { requireNumber } from "./given.ts";
import type { Lake, OpenOptions } from "./lake.ts";

/**
 * Opens the lake in `folder`. The folder need not exist yet: a first `snapshot`, `follow` or `replay` creates it, and everything
 * else rejects with LAKE_NOT_FOUND until then. Several lakes, and the same one several times, can be open in one process.
 *
 * Rejects with USAGE if `folder` is a file, or an option is out of range.
 *
 * @example
 * ```ts
 * import { openLake } from "dynalake";
 *
 * const lake = await openLake("lake");
 * try {
 *   await lake.snapshot({ export: "export" }, { name: "reviews", key: { hash: "User", range: "Book" } });
 *   const [{ n }] = await lake.query<{ n: number }>("SELECT count(*) AS n FROM reviews").all();
 *   console.log(`${n} reviews`);
 * } finally {
 *   await lake.close();
 * }
 * ```
 */
export function openLake(folder: string, options: OpenOptions = {}): Promise<Lake> {
  return openLakeBy(systemTiming, folder, options);
}

/** The same by another clock than this machine's, for `verify`. */
export async function openLakeBy(timing: Timing, folder: string, options: OpenOptions): Promise<Lake> {
  requireNumber("threads", options.threads, { min: 1, whole: true });
  requireNumber("memoryMegabytes", options.memoryMegabytes, { min: 1 });
  const lake = new FolderLake(folder, options, timing);
  requireFolder(lake.folder, folder);
  return lake;
}
