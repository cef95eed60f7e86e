/** A separate app with a lake and a table that is compacted every minute. Run by tsx: see scheduled.test.ts. */
import { App, Duration, RemovalPolicy, Stack } from "aws-cdk-lib";
import { AttributeType, BillingMode, type ITable, StreamViewType, Table } from "aws-cdk-lib/aws-dynamodb";
import { DynamoDbLake, Lake } from "../../../infra/index.ts";

const schemaFile = process.argv[2];
if (schemaFile === undefined) throw new Error("the path of the schema file is missing");

const stack = new Stack(new App(), "Scheduled", { env: { account: "000000000000", region: "us-east-1" } });
const table = new Table(stack, "Ticks", {
  tableName: "Ticks",
  partitionKey: { name: "Id", type: AttributeType.STRING },
  billingMode: BillingMode.PAY_PER_REQUEST,
  stream: StreamViewType.NEW_IMAGE,
  pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
  removalPolicy: RemovalPolicy.DESTROY,
}) as ITable;
const lake = new Lake(stack, "Lake", { databaseName: "scheduled" });
new DynamoDbLake(stack, "Export", { lake, table, schemaFile, compactEvery: Duration.minutes(1) });
