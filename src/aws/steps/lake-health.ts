/** What waits for a person: told as metrics at each compaction, and alarmed on. */
import { quarantineFolder } from "../../core/format/lake-path.ts";
import { openGaps } from "../../core/format/manifest.ts";
import type { ObjectStore } from "../../core/ports/object-store.ts";
import { undeliveredObjects } from "../../core/status/status.ts";
import { knownGaps, latestManifest } from "../../core/table/lake-table.ts";

export interface LakeHealth {
  readonly OpenGaps: number;
  readonly QuarantineObjects: number;
  /** Batches of the stream that failed for good. */
  readonly OnFailureObjects: number;
  /** What Firehose could not convert. */
  readonly ErrorObjects: number;
}

export async function lakeHealth(store: ObjectStore, table: string, mappingId: string): Promise<LakeHealth> {
  const manifest = await latestManifest(store, table);
  const gaps = openGaps(manifest, await knownGaps(store, table, manifest));
  const { failedBatches, unconverted } = await undeliveredObjects(store, table, mappingId);
  return {
    OpenGaps: gaps.length,
    QuarantineObjects: (await store.list(quarantineFolder(table))).length,
    OnFailureObjects: failedBatches,
    ErrorObjects: unconverted,
  };
}
