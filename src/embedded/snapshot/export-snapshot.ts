/** A snapshot of an export on this machine, or of items that another tool left there. */
import { DynalakeError } from "../../core/error.ts";
import { EXPORT_FUZZ_SECONDS, exportedTable } from "../../core/exports/export-manifest.ts";
import { tableName } from "../../core/schema/schema.ts";
import { isFilled, openTable } from "../../core/table/open-table.ts";
import type { GivenFile } from "../../files/given-file.ts";
import { convertedExport } from "../exports/converted-export.ts";
import { openExport } from "../exports/export-folder.ts";
import { otherItemFiles } from "../exports/other-items.ts";
import type { LakeFolder } from "../folder/lake-folder.ts";
import { givenSchema } from "../schemas/schema-choice.ts";
import {
  demandOf,
  inStaging,
  type SnapshotWish,
  type TakenSnapshot,
  takeIn,
  withoutTraceOfLake,
} from "./take-in.ts";

/** Without a moment, items are older than every change: what happened between the two is reported as a gap. */
const UNKNOWN_MOMENT_SECONDS = 0;

/**
 * Throws EXPORT_INVALID if the export is incomplete or damaged. `readAtSeconds` is when the reading of the items began, which only
 * an export tells by itself.
 */
export async function snapshotOfExport(
  given: GivenFile,
  wish: SnapshotWish,
  readAtSeconds?: number,
): Promise<TakenSnapshot> {
  const files = await otherItemFiles(given);
  if (files !== undefined) return snapshotOfItems(files, wish, readAtSeconds);
  const folder = await openExport(given.path, given.name);
  if (readAtSeconds !== undefined) {
    throw new DynalakeError("USAGE", `${given.name} tells its own time, so that it cannot be given another`, {
      next: "Leave --exported-at out.",
    });
  }
  const demand = demandOf(wish, { source: exportedTable(folder.summary), key: wish.key });
  // A scan begins at its time; an export's cut is fuzzy.
  const cutSeconds = Math.max(0, folder.summary.exportTimeSeconds - EXPORT_FUZZ_SECONDS);
  return withoutTraceOfLake(wish.lake, () => takeIn(wish, demand, { folder, cutSeconds }));
}

/** The items become an export in a staging folder. */
function snapshotOfItems(
  files: readonly GivenFile[],
  wish: SnapshotWish,
  readAtSeconds: number | undefined,
): Promise<TakenSnapshot> {
  const { lake, signal } = wish;
  return withoutTraceOfLake(lake, async () => {
    const demand = demandOf(wish, { source: undefined, key: wish.key });
    const name = (await givenSchema(demand))?.schema.table ?? tableName(wish.name ?? "");
    if (readAtSeconds === undefined) await requireEmpty(lake, name);
    const momentSeconds = readAtSeconds ?? UNKNOWN_MOMENT_SECONDS;
    return await inStaging(lake, name, async (staging) => {
      const converted = await convertedExport({ files, folder: staging, momentSeconds, signal });
      const folder = await openExport(converted);
      return await takeIn(wish, demand, { folder, cutSeconds: momentSeconds });
    });
  });
}

/** Changes that are folded already may be older than the items, or newer. */
async function requireEmpty({ store }: LakeFolder, name: string): Promise<void> {
  const table = await openTable(store, name);
  // breakage: undated-items-in-new-tables
  if (table === undefined || !(await isFilled(table))) return;
  throw new DynalakeError("USAGE", `nothing says whether these items are older than what "${name}" holds`, {
    next: "Add --exported-at TIME, when their reading began, or give the lake table another name (--table NAME).",
  });
}
