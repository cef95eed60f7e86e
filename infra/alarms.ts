/** One lake table's alarms, published to the lake's failure topic. docs/aws.md says what to do about each. */
import { Duration } from "aws-cdk-lib";
import {
  Alarm,
  ComparisonOperator,
  type IAlarm,
  type IMetric,
  TreatMissingData,
} from "aws-cdk-lib/aws-cloudwatch";
import { SnsAction } from "aws-cdk-lib/aws-cloudwatch-actions";
import { Construct } from "constructs";
import type { Lake } from "./lake.ts";
import type { LakeMetrics } from "./metrics.ts";

export interface AlarmOptions {
  /** Alarms when the stream is read this late. Records leave the stream after 24 hours. Default: 10 minutes. */
  readonly streamAgeMax?: Duration;
  /** Alarms when Firehose writes this late. Default: 15 minutes. */
  readonly deliveryAgeMax?: Duration;
}

export interface AlarmsProps {
  readonly lake: Lake;
  /** The lake table's name. */
  readonly table: string;
  readonly metrics: LakeMetrics;
  readonly compactEvery: Duration | "never";
  readonly options: AlarmOptions;
}

interface Watch {
  readonly metric: IMetric;
  readonly says: string;
  /** Alarms from this value on. Default: 1. */
  readonly from?: number;
  /** Periods in a row. Default: 1. */
  readonly periods?: number;
  /** Alarms below `from` instead, and when there is no data. */
  readonly below?: true;
}

export class Alarms extends Construct {
  readonly alarms: readonly IAlarm[];

  constructor(scope: Construct, id: string, props: AlarmsProps) {
    super(scope, id);
    const action = new SnsAction(props.lake.failureTopic);
    this.alarms = Object.entries(watches(props)).map(([name, watch]) => {
      const alarm = new Alarm(this, name, {
        metric: watch.metric,
        alarmDescription: `dynalake ${props.table}: ${watch.says}`,
        threshold: watch.from ?? 1,
        evaluationPeriods: watch.periods ?? 1,
        comparisonOperator: watch.below
          ? ComparisonOperator.LESS_THAN_THRESHOLD
          : ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
        treatMissingData: watch.below ? TreatMissingData.BREACHING : TreatMissingData.NOT_BREACHING,
      });
      alarm.addAlarmAction(action);
      return alarm;
    });
  }
}

/** Longer than a deployment pauses a mapping, and early enough to fix it before changes are lost. */
const UNREAD_SECONDS = 3600;

function watches({ compactEvery, metrics, options }: AlarmsProps): Readonly<Record<string, Watch>> {
  const streamAge = options.streamAgeMax ?? Duration.minutes(10);
  const deliveryAge = options.deliveryAgeMax ?? Duration.minutes(15);
  return {
    StreamAge: {
      metric: metrics.streamAge,
      from: streamAge.toMilliseconds(),
      periods: 5,
      says: "the stream is read late; changes older than 24 hours are lost",
    },
    StreamErrors: {
      metric: metrics.streamErrors,
      periods: 3,
      says: "the stream function keeps failing",
    },
    LostBatches: {
      metric: metrics.lostBatches,
      says: "a batch that failed for good could not be saved to the bucket: its changes are lost, take a new snapshot",
    },
    FailedBatches: {
      metric: metrics.failedBatches,
      says: "batches of changes failed and were saved to the bucket: replay them",
    },
    Quarantine: { metric: metrics.quarantined, says: "records are in quarantine" },
    Gaps: { metric: metrics.gaps, says: "changes are missing: take a new snapshot" },
    StreamUnread: {
      metric: metrics.streamUnread,
      from: UNREAD_SECONDS,
      says: "nothing is reading the table's stream: its changes are lost after 24 hours",
    },
    FailedLooks: {
      metric: metrics.failedLooks,
      says: "checking for missing changes failed",
    },
    DeliveryAge: {
      metric: metrics.deliveryAge,
      from: deliveryAge.toSeconds(),
      says: "Firehose writes late; records it cannot write within 24 hours are lost",
    },
    UnconvertedRecords: {
      metric: metrics.unconverted,
      says: "Firehose could not convert records: replay its error files",
    },
    DeliveryErrors: {
      metric: metrics.deliveryErrors,
      says: "Firehose left error files in errors/: replay them",
    },
    SnapshotFailed: { metric: metrics.snapshotEnds.failed, says: "a snapshot failed" },
    SnapshotTimedOut: { metric: metrics.snapshotEnds.timedOut, says: "a snapshot timed out" },
    CompactionFailed: { metric: metrics.compactionEnds.failed, says: "a compaction failed" },
    CompactionTimedOut: { metric: metrics.compactionEnds.timedOut, says: "a compaction timed out" },
    ...(compactEvery === "never" ? {} : compactionMissing(metrics, compactEvery)),
    CleanErrors: {
      metric: metrics.cleanErrors,
      says: "files that are no longer needed could not be deleted",
    },
  };
}

/** Four compactions should have run and none succeeded. CloudWatch looks back one day at most. */
function compactionMissing(metrics: LakeMetrics, compactEvery: Duration): Readonly<Record<string, Watch>> {
  const seconds = 4 * compactEvery.toSeconds();
  if (seconds > 86_400) return {};
  const metric = metrics.compactionEnds.succeeded.with({ period: Duration.seconds(seconds) });
  return {
    CompactionMissing: {
      metric,
      below: true,
      says: "no compaction has succeeded in the last four intervals",
    },
  };
}
