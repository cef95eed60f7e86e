/** A source table and a lake table that belong to `dynalake doctor --write` alone: what it writes reaches no one else. */
import { RemovalPolicy, Stack, type StackProps } from "aws-cdk-lib";
import { AttributeType, BillingMode, StreamViewType, Table } from "aws-cdk-lib/aws-dynamodb";
import type { Construct } from "constructs";
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
  }
}
