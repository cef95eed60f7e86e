/** A stack for any table in the lake: an existing one, given by its description, or one of the same app. */
import { Stack, type StackProps } from "aws-cdk-lib";
import { type ITable, Table } from "aws-cdk-lib/aws-dynamodb";
import { Key } from "aws-cdk-lib/aws-kms";
import type { Construct } from "constructs";
import type { KeySchema } from "../src/core/values/key.ts";
import { DynamoDbLake, type DynamoDbLakeProps } from "./dynamo-db-lake.ts";
import { readSchemaFile } from "./schema-file.ts";
import { requireUsable } from "./source-table.ts";

/** An existing table, as `describeTable` returns it. */
export interface ExistingTable {
  readonly tableName: string;
  readonly tableArn: string;
  readonly streamArn: string;
  readonly key: KeySchema;
  /** The KMS key that encrypts the table, unless it is DynamoDB's own. */
  readonly encryptionKeyArn?: string;
}

export interface ExportStackProps extends StackProps, Omit<DynamoDbLakeProps, "table"> {
  readonly table: ExistingTable | ITable;
}

export class ExportStack extends Stack {
  readonly lake: DynamoDbLake;

  constructor(scope: Construct, id: string, props: ExportStackProps) {
    super(scope, id, { description: "dynalake: a table in the lake", ...props });
    const table = "node" in props.table ? props.table : imported(this, props.table, props.schemaFile);
    this.lake = new DynamoDbLake(this, "Export", { ...props, table });
  }
}

function imported(stack: Stack, existing: ExistingTable, schemaFile: string): ITable {
  const { tableName: name, key, encryptionKeyArn } = existing;
  const facts = { name, key, streamViewType: undefined, recoveryEnabled: undefined };
  requireUsable(facts, readSchemaFile(schemaFile), { stream: "", recovery: "" });
  return Table.fromTableAttributes(stack, "Table", {
    tableArn: existing.tableArn,
    tableStreamArn: existing.streamArn,
    ...(encryptionKeyArn === undefined
      ? {}
      : { encryptionKey: Key.fromKeyArn(stack, "TableKey", encryptionKeyArn) }),
  });
}
