/** The stacks of the kept deployment, as the constructs of today make them. */
import { type App, RemovalPolicy, Stack } from "aws-cdk-lib";
import { AttributeType, BillingMode, StreamViewType, Table } from "aws-cdk-lib/aws-dynamodb";
import { DynamoDbLake, LakeStack } from "../../infra/index.ts";
import { KEPT_STACKS, type KeptStack, keptSchemaFile } from "../support/kept-deployment.ts";

/** A lake, and a source with two lake tables in a stack of their own. */
export function addKeptStacks(app: App): Readonly<Record<KeptStack, Stack>> {
  const [KeptLake, KeptTables] = KEPT_STACKS;
  const lakeStack = new LakeStack(app, KeptLake, { databaseName: "kept", email: "ops@example.com" });
  const { lake } = lakeStack;
  const stack = new Stack(app, KeptTables);
  const table = new Table(stack, "Table", {
    tableName: "Kept",
    partitionKey: { name: "Id", type: AttributeType.STRING },
    billingMode: BillingMode.PAY_PER_REQUEST,
    stream: StreamViewType.NEW_AND_OLD_IMAGES,
    pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
    removalPolicy: RemovalPolicy.DESTROY,
  });
  const source = new DynamoDbLake(stack, "OrdersLake", {
    lake,
    table,
    schemaFile: keptSchemaFile("kept_orders"),
  });
  source.addTable({ schemaFile: keptSchemaFile("kept_notes") });
  return { KeptLake: lakeStack, KeptTables: stack };
}
