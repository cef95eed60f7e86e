/** What may be missing in a lake table: changes that were lost, changes that are not delivered yet, and records in quarantine. */
import { errorsFolder, failedBatchesFolder, quarantineFolder } from "../format/lake-path.ts";
import { type Gap, type Manifest, openGaps } from "../format/manifest.ts";
import type { ObjectStore } from "../ports/object-store.ts";
import { knownGaps } from "../table/recorded-gaps.ts";
import { waitingPaths } from "../table/waiting-paths.ts";
import type { Undelivered } from "./status-facts.ts";

export interface Wholeness {
  readonly openGaps: readonly Gap[];
  readonly undelivered: Undelivered;
  /** Files in quarantine. */
  readonly quarantine: number;
}

/** `mappingId` is that of a deployment's event source mapping, whose failed batches belong to the table. */
export async function wholenessOf(
  { store, mappingId }: { readonly store: ObjectStore; readonly mappingId?: string },
  manifest: Manifest,
  table: string,
): Promise<Wholeness> {
  return {
    // breakage: only-open-gaps-measured
    openGaps: openGaps(manifest, await knownGaps(store, table, manifest)),
    undelivered: await undeliveredObjects(store, table, mappingId),
    quarantine: (await store.list(quarantineFolder(table))).length,
  };
}

/** Counts what a deployment has put aside. An embedded lake puts nothing aside: it delivers a failed batch again. */
export async function undeliveredObjects(
  store: ObjectStore,
  table: string,
  mappingId: string | undefined,
): Promise<Undelivered> {
  const batches = mappingId === undefined ? [] : await store.list(failedBatchesFolder(mappingId));
  const [unconverted, waiting] = [await store.list(errorsFolder(table)), await waitingPaths(store, table)];
  // breakage: undelivered-counted
  return { failedBatches: batches.length, unconverted: unconverted.length, waiting: waiting.length };
}

/** Files with changes that are not delivered yet. */
export function undeliveredFiles({ failedBatches, unconverted, waiting }: Undelivered): number {
  return failedBatches + unconverted + waiting;
}
