/** The example in the documentation: the Reviews table and its lake table. */
import { RemovalPolicy, Stack, type StackProps } from "aws-cdk-lib";
import { AttributeType, BillingMode, StreamViewType, Table } from "aws-cdk-lib/aws-dynamodb";
import type { Construct } from "constructs";
import { DynamoDbLake, type DynamoDbLakeProps } from "./dynamo-db-lake.ts";

export interface ReviewsStackProps extends StackProps, Omit<DynamoDbLakeProps, "table"> {}

export class ReviewsStack extends Stack {
  readonly table: Table;
  readonly lake: DynamoDbLake;

  constructor(scope: Construct, id: string, props: ReviewsStackProps) {
    super(scope, id, { description: "dynalake: the example", ...props });
    this.table = new Table(this, "Table", {
      tableName: "Reviews",
      partitionKey: { name: "User", type: AttributeType.STRING },
      sortKey: { name: "Book", type: AttributeType.STRING },
      billingMode: BillingMode.PAY_PER_REQUEST,
      stream: StreamViewType.NEW_AND_OLD_IMAGES,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      // Only an example, and the lake keeps its data.
      removalPolicy: RemovalPolicy.DESTROY,
    });
    this.lake = new DynamoDbLake(this, "Reviews", { ...props, table: this.table });
  }
}
