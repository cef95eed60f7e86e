/** The objects with changes that wait for a table. */
import { waitingFolder } from "../format/deployment-path.ts";
import type { ObjectStore } from "../ports/object-store.ts";

export async function waitingPaths(store: ObjectStore, table: string): Promise<readonly string[]> {
  return (await store.list(waitingFolder(table))).map(({ path }) => path);
}
