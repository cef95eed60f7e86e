/** A source table and a lake table that belong to `dynalake doctor --write` alone: what it writes reaches no one else. */
import { Duration, RemovalPolicy, Stack, type StackProps } from "aws-cdk-lib";
import { Alarm, ComparisonOperator, Metric, TreatMissingData } from "aws-cdk-lib/aws-cloudwatch";
import { SnsAction } from "aws-cdk-lib/aws-cloudwatch-actions";
import { AttributeType, BillingMode, StreamViewType, Table } from "aws-cdk-lib/aws-dynamodb";
import type { Construct } from "constructs";
import { metricsNamespaceOf } from "../src/aws/contracts/metrics.ts";
import { DOCTOR_ALARM, DOCTOR_METRIC } from "../src/core/doctor/doctor-items.ts";
import { DynamoDbLake, type DynamoDbLakeProps } from "./dynamo-db-lake.ts";

export interface DoctorStackProps extends StackProps, Pick<DynamoDbLakeProps, "lake" | "schemaFile"> {}

export class DoctorStack extends Stack {
  constructor(scope: Construct, id: string, props: DoctorStackProps) {
    super(scope, id, { description: "dynalake: the doctor's table", ...props });
    const table = new Table(this, "Table", {
      tableName: "DynalakeDoctor",
      partitionKey: { name: "Id", type: AttributeType.STRING },
      billingMode: BillingMode.PAY_PER_REQUEST,
      stream: StreamViewType.NEW_AND_OLD_IMAGES,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const { lake, schemaFile } = props;
    new DynamoDbLake(this, "Doctor", { lake, schemaFile, table, alarms: "none" });
    const alarm = new Alarm(this, "Alarm", {
      alarmName: DOCTOR_ALARM,
      alarmDescription: "dynalake: a trial of the doctor. Nothing is wrong.",
      metric: new Metric({
        namespace: metricsNamespaceOf(lake.databaseName),
        metricName: DOCTOR_METRIC,
        dimensionsMap: { Alarm: DOCTOR_ALARM },
        statistic: "sum",
        period: Duration.minutes(1),
      }),
      threshold: 1,
      evaluationPeriods: 1,
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });
    alarm.addAlarmAction(new SnsAction(lake.failureTopic));
  }
}
