/** What waits for a person: metrics, hourly and at each compaction, on which alarms watch. */

import { quarantineFolder } from "../../core/format/lake-path.ts";
import { openGaps } from "../../core/format/manifest.ts";
import type { ObjectStore } from "../../core/ports/object-store.ts";
import { undeliveredObjects } from "../../core/status/status.ts";
import type { OpenTable } from "../../core/table/open-table.ts";
import { knownGaps } from "../../core/table/recorded-gaps.ts";
import type { TableMetric } from "../contracts/metrics.ts";

/** ErrorObjects are what Firehose could not convert, WaitingObjects what the table could not take from its stream. */
export type LakeHealth = Readonly<
  Record<
    Extract<
      TableMetric,
      "OpenGaps" | "QuarantineObjects" | "ErrorObjects" | "WaitingObjects" | "UndeliveredObjects"
    >,
    number
  >
>;

export async function lakeHealth(
  store: ObjectStore,
  { manifest, schema }: Pick<OpenTable, "manifest" | "schema">,
): Promise<LakeHealth> {
  const { table } = schema;
  // breakage: only-open-gaps-measured
  const gaps = openGaps(manifest, await knownGaps(store, table, manifest));
  const { unconverted, waiting } = await undeliveredObjects(store, table, undefined);
  const quarantined = (await store.list(quarantineFolder(table))).length;
  return {
    OpenGaps: gaps.length,
    QuarantineObjects: quarantined,
    ErrorObjects: unconverted,
    WaitingObjects: waiting,
    UndeliveredObjects: quarantined + unconverted + waiting,
  };
}
