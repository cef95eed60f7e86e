/** Reports what a check of a source has found in the log and the metrics. */
import type { LookedAtSource } from "../steps/look-at-source.ts";
import { logger, publishSourceMetrics, publishTableMetrics } from "./telemetry.ts";

/**
 * CloudWatch bills a metric for each hour that has a value, and the alarms take a missing one as 0: zeros are left out. A failed
 * check is not thrown but counted in its own metric: snapshots do not depend on it.
 */
export function tellLook(source: string, { failures, metrics, tables }: LookedAtSource): void {
  publishSourceMetrics(source, nonZero(metrics)); // breakage: idle-metrics-are-free
  for (const { table, health, gaps, unreadSeconds } of tables) {
    publishTableMetrics(table, nonZero(health));
    for (const { id, gap } of gaps) logger.error("changes may be lost", { table, id, ...gap });
    if (unreadSeconds > 0) logger.warn("the stream is not being read", { table, unreadSeconds });
  }
  for (const { code, message: reason, next } of failures)
    logger.error("checking whether the stream is being read failed", { source, code, reason, next });
}

function nonZero<Name extends string>(
  metrics: Readonly<Record<Name, number>>,
): Readonly<Partial<Record<Name, number>>> {
  const found = Object.entries<number>(metrics).filter(([, value]) => value !== 0);
  return Object.fromEntries(found) as Partial<Record<Name, number>>;
}
