/** The functions' log and metrics: facts and counts, never items. */
import { Logger } from "@aws-lambda-powertools/logger";
import { Metrics } from "@aws-lambda-powertools/metrics";
import {
  METRIC_DIMENSION,
  SOURCE_DIMENSION,
  SOURCE_METRICS,
  type SourceMetric,
  TABLE_METRICS,
  type TableMetric,
} from "../contracts/metrics.ts";

export const logger: Logger = new Logger();
const metrics: Metrics = new Metrics();

/** Publishes a lake table's metrics, with the dimension that the alarms and the dashboard use. */
export function publishTableMetrics(
  table: string,
  values: Readonly<Partial<Record<TableMetric, number>>>,
): void {
  publish(METRIC_DIMENSION, table, values, TABLE_METRICS);
}

export function publishSourceMetrics(
  source: string,
  values: Readonly<Partial<Record<SourceMetric, number>>>,
): void {
  publish(SOURCE_DIMENSION, source, values, SOURCE_METRICS);
}

/** At once: the metrics of another table have another dimension. */
function publish(
  dimension: string,
  of: string,
  values: Readonly<Record<string, number>>,
  units: Readonly<Record<string, "Count" | "Seconds">>,
): void {
  if (Object.keys(values).length === 0) return;
  metrics.clearDefaultDimensions();
  metrics.addDimension(dimension, of);
  for (const [name, value] of Object.entries(values)) metrics.addMetric(name, units[name] ?? "Count", value);
  metrics.publishStoredMetrics();
}
