/** The functions' log and metrics: facts and counts, never items. */
import { Logger } from "@aws-lambda-powertools/logger";
import { Metrics, MetricUnit } from "@aws-lambda-powertools/metrics";
import { type CountMetric, METRIC_DIMENSION, type SecondsMetric } from "../contracts/metrics.ts";

export const logger: Logger = new Logger();
export const metrics: Metrics = new Metrics();

/** Adds counts with the dimension that the alarms and the dashboard use. */
export function addCounts(table: string, counts: Readonly<Partial<Record<CountMetric, number>>>): void {
  metrics.clearDefaultDimensions();
  metrics.addDimension(METRIC_DIMENSION, table);
  for (const [name, value] of Object.entries(counts)) metrics.addMetric(name, MetricUnit.Count, value);
}

export function addSeconds(table: string, name: SecondsMetric, seconds: number): void {
  metrics.clearDefaultDimensions();
  metrics.addDimension(METRIC_DIMENSION, table);
  metrics.addMetric(name, MetricUnit.Seconds, seconds);
}
