/** What waits for a person: metrics, hourly and at each compaction, on which alarms watch. */

import type { ObjectStore } from "../../core/ports/object-store.ts";
import { undeliveredFiles, type Wholeness, wholenessOf } from "../../core/status/wholeness.ts";
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
  return healthOf(await wholenessOf({ store }, manifest, schema.table));
}

/** Without the failed batches of the stream, which are measured once for all tables of a source. */
export function healthOf({ openGaps, undelivered, quarantine }: Wholeness): LakeHealth {
  const own = { ...undelivered, failedBatches: 0 };
  return {
    OpenGaps: openGaps.length,
    QuarantineObjects: quarantine,
    ErrorObjects: own.unconverted,
    WaitingObjects: own.waiting,
    UndeliveredObjects: quarantine + undeliveredFiles(own),
  };
}
