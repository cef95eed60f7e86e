/** Reports a delivery in the log and the metrics: counts, reasons and paths, never the contents of records. */
import type { TableDelivery } from "../../core/delivery/deliver-to-tables.ts";
import type { StreamAnswer } from "../stream-delivery.ts";
import { logger, publishTableMetrics } from "./telemetry.ts";

export function tellDelivery({ delivery, failedFrom }: StreamAnswer, nowSeconds: number): void {
  if (failedFrom !== undefined) logger.warn("delivery stopped at a record", { sequenceNumber: failedFrom });
  for (const table of delivery.tables) tellTable(table, nowSeconds);
}

function tellTable({ table, delivery, waiting }: TableDelivery, nowSeconds: number): void {
  if (waiting !== undefined) {
    const { code, count, message: reason } = waiting;
    logger.warn("changes wait for their table", { table, code, count, reason });
  }
  if (delivery === undefined) return;
  const { rows, quarantined, skipped, quarantineObjects, newestChangeSeconds } = delivery;
  const isDelivered = newestChangeSeconds !== undefined && waiting === undefined;
  publishTableMetrics(table, {
    DeliveredRows: rows - (waiting?.count ?? 0),
    QuarantinedRecords: quarantined.length,
    SkippedRecords: skipped,
    ...(isDelivered ? { LagSeconds: Math.max(0, nowSeconds - newestChangeSeconds) } : {}),
  });
  if (quarantined.length > 0) {
    logger.warn("records were quarantined", {
      table,
      reasons: [...new Set(quarantined.map(({ reason }) => reason))],
      objects: quarantineObjects,
    });
  }
}
