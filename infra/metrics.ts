/** The metrics of one lake table: those of AWS services, and those that its functions publish. */
import { Duration } from "aws-cdk-lib";
import { Metric } from "aws-cdk-lib/aws-cloudwatch";
import type { IFunction } from "aws-cdk-lib/aws-lambda";
import type { IStateMachine } from "aws-cdk-lib/aws-stepfunctions";
import { type LakeMetric, METRIC_DIMENSION } from "../src/aws/contracts/metrics.ts";
import type { Lake } from "./lake.ts";
import { metricsNamespace } from "./lake-function.ts";

export interface MeteredParts {
  readonly lake: Lake;
  /** The lake table's name. */
  readonly table: string;
  readonly streamFunction: IFunction;
  readonly clean: IFunction;
  readonly deliveryStreamName: string;
  readonly snapshot: IStateMachine;
  readonly compaction: IStateMachine;
}

export interface MachineEnds {
  readonly succeeded: Metric;
  readonly failed: Metric;
  readonly timedOut: Metric;
  readonly aborted: Metric;
}

export interface LakeMetrics {
  /** Milliseconds. */
  readonly streamAge: Metric;
  readonly streamErrors: Metric;
  readonly lostBatches: Metric;
  /** Seconds. */
  readonly deliveryAge: Metric;
  readonly unconverted: Metric;
  readonly cleanErrors: Metric;
  readonly snapshotEnds: MachineEnds;
  readonly compactionEnds: MachineEnds;
  readonly deliveredRows: Metric;
  readonly committedRows: Metric;
  readonly skippedRecords: Metric;
  readonly quarantinedRecords: Metric;
  /** Seconds. */
  readonly lag: Metric;
  /** Objects found when a compaction is planned; likewise the next three. */
  readonly failedBatches: Metric;
  readonly quarantined: Metric;
  readonly deliveryErrors: Metric;
  readonly gaps: Metric;
  /** Seconds since the stream was last seen being read; 0 while it is read. */
  readonly streamUnread: Metric;
  /** Failed checks of the stream and its mapping. */
  readonly failedLooks: Metric;
}

const MINUTE = Duration.minutes(1);
const FIVE_MINUTES = Duration.minutes(5);
/** For metrics that each compaction publishes. */
const QUARTER = Duration.minutes(15);

export function lakeMetrics(parts: MeteredParts): LakeMetrics {
  const { streamFunction } = parts;
  const own = (metricName: LakeMetric, statistic: string, period: Duration): Metric =>
    new Metric({
      namespace: metricsNamespace(parts.lake),
      metricName,
      dimensionsMap: { [METRIC_DIMENSION]: parts.table },
      statistic,
      period,
    });
  const firehose = (metricName: string, statistic: string): Metric =>
    new Metric({
      namespace: "AWS/Firehose",
      metricName,
      dimensionsMap: { DeliveryStreamName: parts.deliveryStreamName },
      statistic,
      period: FIVE_MINUTES,
    });
  return {
    streamAge: streamFunction.metric("IteratorAge", { statistic: "max", period: MINUTE }),
    streamErrors: streamFunction.metricErrors({ statistic: "sum", period: FIVE_MINUTES }),
    lostBatches: streamFunction.metric("DestinationDeliveryFailures", {
      statistic: "sum",
      period: FIVE_MINUTES,
    }),
    deliveryAge: firehose("DeliveryToS3.DataFreshness", "max"),
    unconverted: firehose("FailedConversion.Records", "sum"),
    cleanErrors: parts.clean.metricErrors({ statistic: "sum", period: FIVE_MINUTES }),
    snapshotEnds: endsOf(parts.snapshot),
    compactionEnds: endsOf(parts.compaction),
    deliveredRows: own("DeliveredRows", "sum", FIVE_MINUTES),
    committedRows: own("CommittedRows", "sum", FIVE_MINUTES),
    skippedRecords: own("SkippedRecords", "sum", FIVE_MINUTES),
    quarantinedRecords: own("QuarantinedRecords", "sum", FIVE_MINUTES),
    lag: own("LagSeconds", "max", MINUTE),
    failedBatches: own("OnFailureObjects", "max", QUARTER),
    quarantined: own("QuarantineObjects", "max", QUARTER),
    deliveryErrors: own("ErrorObjects", "max", QUARTER),
    gaps: own("OpenGaps", "max", QUARTER),
    streamUnread: own("StreamUnreadSeconds", "max", QUARTER),
    failedLooks: own("FailedLooks", "max", QUARTER),
  };
}

function endsOf(machine: IStateMachine): MachineEnds {
  const options = { statistic: "sum", period: FIVE_MINUTES };
  return {
    succeeded: machine.metricSucceeded(options),
    failed: machine.metricFailed(options),
    timedOut: machine.metricTimedOut(options),
    aborted: machine.metricAborted(options),
  };
}
