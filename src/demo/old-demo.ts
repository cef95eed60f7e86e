/** Removes what an earlier demo left. */
import { rm } from "node:fs/promises";
import { DynalakeError } from "../core/error.ts";
import type { ObjectStore } from "../core/ports/object-store.ts";
import { openTables } from "../core/table/open-table.ts";
import { folderStore } from "../files/folder-store.ts";
import type { GivenFile } from "../files/given-file.ts";

/** The demo recreates its lake. Throws USAGE if the folder holds anything but an earlier demo's lake. */
export async function removeOldDemo({ name, path }: GivenFile): Promise<void> {
  const store = folderStore(path);
  const folders = await store.folders("");
  if (folders.length === 0) return;
  const tables = await openTables(store);
  const isDemo = tables.length === 1 ? tables[0]?.schema.table === "reviews" : await isUnfinishedDemo(store);
  if (isDemo && folders.length === 1) {
    await rm(path, { recursive: true, force: true });
    return;
  }
  throw new DynalakeError("USAGE", `${name} is not empty and was not created by the demo`, {
    next: "Give another folder with --lake.",
  });
}

/** An interrupted first snapshot leaves what it was making, and no schema. */
async function isUnfinishedDemo(store: ObjectStore): Promise<boolean> {
  const objects = await store.list("");
  return objects.every(({ path }) => /^reviews\/(staging|segments)\//.test(path));
}
