/**
 * A CDK app: a DynamoDB table, a lake, and the lake table that follows it. Every change reaches Athena in about a minute.
 *
 *     npx cdk --app "npx tsx examples/cdk-app.ts" synth
 */
import { App, Duration, Stack } from "aws-cdk-lib";
import { AttributeType, StreamViewType, Table } from "aws-cdk-lib/aws-dynamodb";
import { DynamoDbLake, Lake } from "dynalake/cdk";

const stack = new Stack(new App(), "Shop");

// dynalake needs the stream and point-in-time recovery: snapshots are exports.
const reviews = new Table(stack, "Reviews", {
  tableName: "Reviews",
  partitionKey: { name: "User", type: AttributeType.STRING },
  sortKey: { name: "Book", type: AttributeType.STRING },
  stream: StreamViewType.NEW_AND_OLD_IMAGES,
  pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
});

const lake = new Lake(stack, "Lake", { databaseName: "shop" });
new DynamoDbLake(stack, "ReviewsLake", {
  lake,
  table: reviews,
  schemaFile: "schemas/reviews.json",
  compactEvery: Duration.minutes(30),
});
