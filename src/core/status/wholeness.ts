/** What may be missing in a lake table: changes that were lost, changes that are not delivered yet, and records in quarantine. */
import { errorsFolder, failedBatchesFolder, quarantineFolder } from "../format/lake-path.ts";
import { type Gap, type Manifest, openGaps } from "../format/manifest.ts";
import type { ObjectStore, StoredObject } from "../ports/object-store.ts";
import { knownGaps } from "../table/recorded-gaps.ts";
import { waitingPaths } from "../table/waiting-paths.ts";
import type { Undelivered } from "./status-facts.ts";

export interface Wholeness {
  readonly openGaps: readonly Gap[];
  readonly undelivered: Undelivered;
  /** Files in quarantine. */
  readonly quarantine: number;
}

/** `mappingIds` are those of the event source mappings that read a deployment's source, whose failed batches belong to the table. */
export async function wholenessOf(
  { store, mappingIds }: { readonly store: ObjectStore; readonly mappingIds?: readonly string[] },
  manifest: Manifest,
  table: string,
): Promise<Wholeness> {
  return {
    // breakage: only-open-gaps-measured
    openGaps: openGaps(manifest, await knownGaps(store, table, manifest)),
    undelivered: await undeliveredObjects(store, table, mappingIds),
    quarantine: (await store.list(quarantineFolder(table))).length,
  };
}

/** Counts what a deployment has put aside. An embedded lake puts nothing aside: it delivers a failed batch again. */
export async function undeliveredObjects(
  store: ObjectStore,
  table: string,
  mappingIds: readonly string[] | undefined,
): Promise<Undelivered> {
  const batches = await failedBatchesOf(store, mappingIds ?? []);
  const [unconverted, waiting] = [await store.list(errorsFolder(table)), await waitingPaths(store, table)];
  // breakage: undelivered-counted
  return { failedBatches: batches.length, unconverted: unconverted.length, waiting: waiting.length };
}

/** Batches of these mappings that failed for good. */
export async function failedBatchesOf(
  store: ObjectStore,
  mappingIds: readonly string[],
): Promise<readonly StoredObject[]> {
  const batches: StoredObject[] = [];
  for (const id of mappingIds) batches.push(...(await store.list(failedBatchesFolder(id)))); // breakage: batches-of-all-mappings-count
  return batches;
}

/** Files with changes that are not delivered yet. */
export function undeliveredFiles({ failedBatches, unconverted, waiting }: Undelivered): number {
  return failedBatches + unconverted + waiting;
}
