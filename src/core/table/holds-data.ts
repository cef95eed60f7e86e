/** Whether anything was ever written into a table. */
import { changesFolder } from "../format/lake-path.ts";
import type { ObjectStore } from "../ports/object-store.ts";
import { latestManifest } from "./lake-table.ts";

/** Whether the table has a commit or a change. A schema alone, left by a first snapshot that never ended, is no data. */
export async function holdsData(store: ObjectStore, table: string): Promise<boolean> {
  const { sequence } = await latestManifest(store, table);
  return sequence > 0 || (await store.folders(changesFolder(table))).length > 0;
}
