/** Vacuums a table of a lake in a folder, and removes files that were left unfinished there. */
import {
  foreseeVacuum,
  type RetentionPolicy,
  type VacuumResult,
  vacuum,
} from "../../core/compaction/vacuum.ts";
import { countUnfinished, removeUnfinished } from "../../files/folder-store.ts";
import { nowSeconds } from "../../sdk/new-run-id.ts";
import type { LakeFolder } from "../folder/lake-folder.ts";

export async function vacuumFolder(
  lake: Pick<LakeFolder, "root" | "store">,
  table: string,
  policy: RetentionPolicy,
): Promise<VacuumResult> {
  const removed = await vacuum(lake.store, table, policy, nowSeconds());
  const unfinished = await removeUnfinished(lake.root, table, policy.graceSeconds);
  return { ...removed, files: removed.files + unfinished };
}

/** What `vacuumFolder` would remove. */
export async function foreseeVacuumOfFolder(
  lake: Pick<LakeFolder, "root" | "store">,
  table: string,
  policy: RetentionPolicy,
): Promise<VacuumResult> {
  const removed = await foreseeVacuum(lake.store, table, policy, nowSeconds());
  const unfinished = await countUnfinished(lake.root, table, policy.graceSeconds);
  return { ...removed, files: removed.files + unfinished };
}
