/** What waits for a person: metrics at each compaction, on which alarms watch. */

import { quarantineFolder } from "../../core/format/lake-path.ts";
import { openGaps } from "../../core/format/manifest.ts";
import type { ObjectStore } from "../../core/ports/object-store.ts";
import { undeliveredObjects } from "../../core/status/status.ts";
import type { OpenTable } from "../../core/table/open-table.ts";
import { knownGaps } from "../../core/table/recorded-gaps.ts";
import type { HealthMetric } from "../contracts/metrics.ts";

/**
 * OnFailureObjects are batches of the stream that failed for good, ErrorObjects what Firehose could not convert.
 */
export type LakeHealth = Readonly<Record<HealthMetric, number>>;

export async function lakeHealth(
  store: ObjectStore,
  { manifest, schema }: Pick<OpenTable, "manifest" | "schema">,
  mappingId: string,
): Promise<LakeHealth> {
  const { table } = schema;
  // breakage: only-open-gaps-measured
  const gaps = openGaps(manifest, await knownGaps(store, table, manifest));
  const { failedBatches, unconverted } = await undeliveredObjects(store, table, mappingId);
  return {
    OpenGaps: gaps.length,
    QuarantineObjects: (await store.list(quarantineFolder(table))).length,
    OnFailureObjects: failedBatches, // breakage: failed-batches-measured
    ErrorObjects: unconverted,
  };
}
