/** The library's entry. */
import { systemTiming } from "../sdk/timing.ts";
import { openFolderLake } from "./folder-lake.ts";
import type { Lake } from "./lake.ts";
import type { OpenOptions } from "./options.ts";

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
 *   const [row] = await lake.query<{ n: number }>("SELECT count(*) AS n FROM reviews").all();
 *   console.log(`${row?.n} reviews`);
 * } finally {
 *   await lake.close();
 * }
 * ```
 */
export function openLake(folder: string, options: OpenOptions = {}): Promise<Lake> {
  return openFolderLake(folder, options, systemTiming);
}
