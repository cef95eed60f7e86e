/** What somebody should look at, published on the lake's failure topic. docs/aws.md says what to do about each. */
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
  /** The stream is read so late. A record leaves it after 24 hours. Default: 10 minutes. */
  readonly streamAgeMax?: Duration;
  /** Firehose writes so late. Default: 15 minutes. */
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
  /** Alarms below `from` instead, and where nothing is told at all. */
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

/** Longer than a deployment holds a mapping up, and short enough to mend it. */
const UNREAD_SECONDS = 3600;

function watches({ compactEvery, metrics, options }: AlarmsProps): Readonly<Record<string, Watch>> {
  const streamAge = options.streamAgeMax ?? Duration.minutes(10);
  const deliveryAge = options.deliveryAgeMax ?? Duration.minutes(15);
  return {
    StreamAge: {
      metric: metrics.streamAge,
      from: streamAge.toMilliseconds(),
      periods: 5,
      says: "the stream is read late; what is older than 24 hours would be lost",
    },
    StreamErrors: {
      metric: metrics.streamErrors,
      periods: 3,
      says: "the stream function keeps failing",
    },
    LostBatches: {
      metric: metrics.lostBatches,
      says: "a batch that failed for good could not be put aside in the bucket: its changes are lost, take a new snapshot",
    },
    FailedBatches: {
      metric: metrics.failedBatches,
      says: "batches of changes were put aside: replay them",
    },
    Quarantine: { metric: metrics.quarantined, says: "records are in quarantine" },
    Gaps: { metric: metrics.gaps, says: "changes are missing: take a new snapshot" },
    StreamUnread: {
      metric: metrics.streamUnread,
      from: UNREAD_SECONDS,
      says: "nothing reads the table's stream: after 24 hours its changes are lost",
    },
    FailedLooks: {
      metric: metrics.failedLooks,
      says: "it could not be seen whether changes are missing",
    },
    DeliveryAge: {
      metric: metrics.deliveryAge,
      from: deliveryAge.toSeconds(),
      says: "Firehose writes late; what it cannot write within 24 hours would be lost",
    },
    UnconvertedRecords: {
      metric: metrics.unconverted,
      says: "Firehose could not convert records: replay its error files",
    },
    DeliveryErrors: {
      metric: metrics.deliveryErrors,
      says: "files of Firehose wait in errors/: replay them",
    },
    SnapshotFailed: { metric: metrics.snapshotEnds.failed, says: "a snapshot failed" },
    SnapshotTimedOut: { metric: metrics.snapshotEnds.timedOut, says: "a snapshot did not end in time" },
    CompactionFailed: { metric: metrics.compactionEnds.failed, says: "a compaction failed" },
    CompactionTimedOut: { metric: metrics.compactionEnds.timedOut, says: "a compaction did not end in time" },
    ...(compactEvery === "never" ? {} : compactionMissing(metrics, compactEvery)),
    CleanErrors: { metric: metrics.cleanErrors, says: "what is no longer needed could not be deleted" },
  };
}

/** Of four compactions that should have run none succeeded. CloudWatch looks back a day at most. */
function compactionMissing(metrics: LakeMetrics, compactEvery: Duration): Readonly<Record<string, Watch>> {
  const seconds = 4 * compactEvery.toSeconds();
  if (seconds > 86_400) return {};
  const metric = metrics.compactionEnds.succeeded.with({ period: Duration.seconds(seconds) });
  return { CompactionMissing: { metric, below: true, says: "no compaction succeeds" } };
}
