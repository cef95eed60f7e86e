/** The metrics of a lake, its sources and its tables: those of AWS services, and those that the functions publish. */
import { Duration } from "aws-cdk-lib";
import { Metric } from "aws-cdk-lib/aws-cloudwatch";
import type { IFunction } from "aws-cdk-lib/aws-lambda";
import {
  METRIC_DIMENSION,
  metricsNamespaceOf,
  SOURCE_DIMENSION,
  type SourceMetric,
  type TableMetric,
} from "../src/aws/contracts/metrics.ts";
import type { LakePlace } from "./lake-place.ts";

export interface TableMetrics {
  readonly gaps: Metric;
  readonly undelivered: Metric;
  readonly hiddenValues: Metric;
  readonly compactions: Metric;
  /** Seconds. */
  readonly deliveryAge: Metric;
}

export interface SourceMetrics {
  /** Milliseconds. */
  readonly streamAge: Metric;
  readonly streamErrors: Metric;
  readonly lostBatches: Metric;
  readonly failedBatches: Metric;
  /** Seconds since the stream was last seen being read; 0 while it is read. */
  readonly streamUnread: Metric;
  readonly failedLooks: Metric;
}

export interface LakeMetrics {
  readonly tickErrors: Metric;
  readonly cleanErrors: Metric;
}

const MINUTE = Duration.minutes(1);
const FIVE_MINUTES = Duration.minutes(5);
/** For metrics that each compaction publishes, and each check of a source. */
const QUARTER = Duration.minutes(15);
const HOUR = Duration.hours(1);
const THREE_HOURS = Duration.hours(3);

export function tableMetrics(lake: LakePlace, table: string, deliveryStreamName: string): TableMetrics {
  const own = (metricName: TableMetric, statistic: string, period: Duration): Metric =>
    new Metric({
      namespace: metricsNamespaceOf(lake.databaseName),
      metricName,
      dimensionsMap: { [METRIC_DIMENSION]: table },
      statistic,
      period,
    });
  return {
    gaps: own("OpenGaps", "max", QUARTER),
    undelivered: own("UndeliveredObjects", "max", QUARTER),
    // Hourly looks repeat it: in so long none is missed, and it is mailed once.
    hiddenValues: own("HiddenValues", "max", THREE_HOURS),
    compactions: own("Compactions", "sum", FIVE_MINUTES),
    deliveryAge: new Metric({
      namespace: "AWS/Firehose",
      metricName: "DeliveryToS3.DataFreshness",
      dimensionsMap: { DeliveryStreamName: deliveryStreamName },
      statistic: "max",
      period: FIVE_MINUTES,
    }),
  };
}

export function sourceMetrics(lake: LakePlace, source: string, streamFunction: IFunction): SourceMetrics {
  const own = (metricName: SourceMetric): Metric =>
    new Metric({
      namespace: metricsNamespaceOf(lake.databaseName),
      metricName,
      dimensionsMap: { [SOURCE_DIMENSION]: source },
      statistic: "max",
      period: HOUR,
    });
  return {
    streamAge: streamFunction.metric("IteratorAge", { statistic: "max", period: MINUTE }),
    streamErrors: streamFunction.metricErrors({ statistic: "sum", period: FIVE_MINUTES }),
    lostBatches: streamFunction.metric("DestinationDeliveryFailures", {
      statistic: "sum",
      period: FIVE_MINUTES,
    }),
    failedBatches: own("OnFailureObjects"),
    streamUnread: own("StreamUnreadSeconds"),
    failedLooks: own("FailedLooks"),
  };
}

export function lakeMetrics(functions: { readonly tick: IFunction; readonly clean: IFunction }): LakeMetrics {
  const errors = (one: IFunction, period: Duration): Metric => one.metricErrors({ statistic: "sum", period });
  return { tickErrors: errors(functions.tick, QUARTER), cleanErrors: errors(functions.clean, FIVE_MINUTES) };
}
