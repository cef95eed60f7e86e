/** An app with a lake and sources that have several lake tables. Run by tsx, with the path of a file of `WideSource`s: see wide.test.ts. */
import { readFileSync } from "node:fs";
import { App, RemovalPolicy, Stack } from "aws-cdk-lib";
import { AttributeType, BillingMode, type ITable, StreamViewType, Table } from "aws-cdk-lib/aws-dynamodb";
import { DynamoDbLake, Lake } from "../../../infra/index.ts";

export interface WideSource {
  /** The name of the source table. */
  readonly name: string;
  /** The paths of the lake tables' schema files. */
  readonly schemaFiles: readonly [string, ...string[]];
}

const sources = JSON.parse(readFileSync(process.argv[2] ?? "", "utf8")) as readonly WideSource[];
const stack = new Stack(new App(), "Wide", { env: { account: "000000000000", region: "us-east-1" } });
const lake = new Lake(stack, "Lake", { databaseName: "wide" });
for (const { name, schemaFiles } of sources) {
  const table = new Table(stack, name, {
    tableName: name,
    partitionKey: { name: "Id", type: AttributeType.STRING },
    billingMode: BillingMode.PAY_PER_REQUEST,
    stream: StreamViewType.NEW_AND_OLD_IMAGES,
    pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
    removalPolicy: RemovalPolicy.DESTROY,
  }) as ITable;
  const [schemaFile, ...others] = schemaFiles;
  const source = new DynamoDbLake(stack, `${name}Lake`, { lake, table, schemaFile });
  for (const other of others) source.addTable({ schemaFile: other });
}
