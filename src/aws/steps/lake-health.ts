/** What waits for a person: metrics, hourly and at each compaction, on which alarms watch. */

import type { ObjectStore } from "../../core/ports/object-store.ts";
import { undeliveredFiles, wholenessOf } from "../../core/status/wholeness.ts";
import type { OpenTable } from "../../core/table/open-table.ts";
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
  const { openGaps, undelivered, quarantine } = await wholenessOf({ store }, manifest, schema.table);
  return {
    OpenGaps: openGaps.length,
    QuarantineObjects: quarantine,
    ErrorObjects: undelivered.unconverted,
    WaitingObjects: undelivered.waiting,
    UndeliveredObjects: quarantine + undeliveredFiles(undelivered),
  };
}
