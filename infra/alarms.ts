/** Alarms of a lake, a source or a lake table, published to the lake's failure topic. docs/aws.md says what to do about each. */
import type { Duration } from "aws-cdk-lib";
import { Alarm, ComparisonOperator, type IMetric, TreatMissingData } from "aws-cdk-lib/aws-cloudwatch";
import { SnsAction } from "aws-cdk-lib/aws-cloudwatch-actions";
import { Construct } from "constructs";
import type { LakePlace } from "./lake-place.ts";

export interface AlarmOptions {
  /** Alarms when the stream is read this late. Records leave the stream after 24 hours. Default: 10 minutes. */
  readonly streamAgeMax?: Duration;
  /** Alarms when Firehose writes this late. Default: 15 minutes. */
  readonly deliveryAgeMax?: Duration;
}

export interface Watch {
  readonly metric: IMetric;
  readonly says: string;
  /** Alarms from this value on. Default: 1. */
  readonly from?: number;
  /** Periods in a row. Default: 1. */
  readonly periods?: number;
  /**
   * Tells that there is no data any more: each point of the metric is good news. A new alarm has no data, and is silent until its
   * first point has come.
   */
  readonly silence?: true;
}

export interface AlarmsProps {
  readonly lake: Pick<LakePlace, "failureTopic">;
  /** The name of what is watched. */
  readonly of: string;
  readonly watches: Readonly<Record<string, Watch>>;
}

export class Alarms extends Construct {
  constructor(scope: Construct, id: string, props: AlarmsProps) {
    super(scope, id);
    const action = new SnsAction(props.lake.failureTopic);
    for (const [name, watch] of Object.entries(props.watches)) {
      const alarm = new Alarm(this, name, {
        metric: watch.metric,
        alarmDescription: `dynalake ${props.of}: ${watch.says}`,
        threshold: watch.from ?? 1,
        evaluationPeriods: watch.periods ?? 1,
        comparisonOperator: watch.silence
          ? ComparisonOperator.LESS_THAN_THRESHOLD
          : ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
        // breakage: silence-after-deployment
        treatMissingData: watch.silence ? TreatMissingData.MISSING : TreatMissingData.NOT_BREACHING,
      });
      alarm.addAlarmAction(action);
      if (watch.silence) alarm.addInsufficientDataAction(action); // breakage: silence-is-mailed
    }
  }
}
