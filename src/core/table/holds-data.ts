/** Whether anything was ever written into a table. */
import type { ObjectStore } from "../ports/object-store.ts";
import { listChanges } from "./change-listing.ts";
import { latestManifest } from "./commits.ts";
import { isFilled } from "./open-table.ts";

/** Whether the table has a commit or a change by now. */
export async function holdsData(store: ObjectStore, table: string): Promise<boolean> {
  return isFilled({ manifest: await latestManifest(store, table), changes: listChanges(store, table) });
}
