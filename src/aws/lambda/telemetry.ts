/** The functions' log and metrics: facts and counts, never items. */
import { Logger } from "@aws-lambda-powertools/logger";
import { Metrics, MetricUnit } from "@aws-lambda-powertools/metrics";

export const logger: Logger = new Logger();
export const metrics: Metrics = new Metrics();

/** Adds counts with the dimension that the alarms and the dashboard use. */
export function addCounts(table: string, counts: Readonly<Record<string, number>>): void {
  metrics.clearDefaultDimensions();
  metrics.addDimension("LakeTable", table);
  for (const [name, value] of Object.entries(counts)) metrics.addMetric(name, MetricUnit.Count, value);
}

export function addSeconds(table: string, name: string, seconds: number): void {
  metrics.clearDefaultDimensions();
  metrics.addDimension("LakeTable", table);
  metrics.addMetric(name, MetricUnit.Seconds, seconds);
}
