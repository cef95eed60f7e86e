/** Reports a delivery in the log and the metrics: counts, reasons and paths, never the contents of records. */
import type { StreamAnswer } from "../stream-delivery.ts";
import { addCounts, addSeconds, logger } from "./telemetry.ts";

export function tellDelivery(table: string, answer: StreamAnswer, nowSeconds: number): void {
  const { delivery, failedFrom } = answer;
  if (delivery === undefined) {
    logger.warn("delivery stopped at a record", { sequenceNumber: failedFrom });
    return;
  }
  const { rows, quarantined, skipped, quarantineObjects, newestChangeSeconds } = delivery;
  addCounts(table, { DeliveredRows: rows, QuarantinedRecords: quarantined.length, SkippedRecords: skipped });
  if (newestChangeSeconds !== undefined)
    addSeconds(table, "LagSeconds", Math.max(0, nowSeconds - newestChangeSeconds));
  if (quarantined.length > 0) {
    logger.warn("records were quarantined", {
      reasons: [...new Set(quarantined.map(({ reason }) => reason))],
      objects: quarantineObjects,
    });
  }
}
