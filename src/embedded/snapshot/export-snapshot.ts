/** A snapshot of an export on this machine. */

import { EXPORT_FUZZ_SECONDS, exportedTable } from "../../core/exports/export-manifest.ts";
import type { GivenFile } from "../../files/given-file.ts";
import { openExport } from "../exports/export-folder.ts";
import { demandOf, type SnapshotWish, type TakenSnapshot, takeIn, withoutTraceOfLake } from "./take-in.ts";

/** Throws EXPORT_INVALID if the export is incomplete or damaged. */
export async function snapshotOfExport(
  { name, path }: GivenFile,
  wish: SnapshotWish,
): Promise<TakenSnapshot> {
  const folder = await openExport(path, name);
  const demand = demandOf(wish, { source: exportedTable(folder.summary), key: wish.key });
  // A scan begins at its time; an export's cut is fuzzy.
  const cutSeconds = Math.max(0, folder.summary.exportTimeSeconds - EXPORT_FUZZ_SECONDS);
  return withoutTraceOfLake(wish.lake, () => takeIn(wish, demand, { folder, cutSeconds }));
}
