/** Removes objects as long as the function has time: the rest is left to the next vacuum. */
import { batchesOf } from "../../core/batches-of.ts";
import type { ObjectStore, StoredObject } from "../../core/ports/object-store.ts";

export interface RemovalInTime {
  readonly store: ObjectStore;
  /** Whether the function has no time left for more. */
  readonly isOver: () => boolean;
}

const REMOVED_AT_ONCE_MAX = 1000;

/** Returns how many it has removed. */
export async function removeInTime(
  { isOver, store }: RemovalInTime,
  objects: readonly StoredObject[],
): Promise<number> {
  let removed = 0;
  for (const page of batchesOf(objects, REMOVED_AT_ONCE_MAX)) {
    if (isOver()) break; // breakage: removal-ends-in-time
    await store.remove(page.map(({ path }) => path));
    removed += page.length;
  }
  return removed;
}
