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
  /** Alarms below `from` instead, and when there is no data. */
  readonly below?: true;
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
      new Alarm(this, name, {
        metric: watch.metric,
        alarmDescription: `dynalake ${props.of}: ${watch.says}`,
        threshold: watch.from ?? 1,
        evaluationPeriods: watch.periods ?? 1,
        comparisonOperator: watch.below
          ? ComparisonOperator.LESS_THAN_THRESHOLD
          : ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
        treatMissingData: watch.below ? TreatMissingData.BREACHING : TreatMissingData.NOT_BREACHING,
      }).addAlarmAction(action);
    }
  }
}
