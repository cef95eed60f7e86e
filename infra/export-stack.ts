/** A stack for any source table in the lake: an existing one, given by its description, or one of the same app. */
import { Stack, type StackProps } from "aws-cdk-lib";
import { type ITable, Table } from "aws-cdk-lib/aws-dynamodb";
import { Key } from "aws-cdk-lib/aws-kms";
import type { Construct } from "constructs";
import type { KeySchema } from "../src/core/values/key.ts";
import { type AddedTableProps, DynamoDbLake, type DynamoDbLakeProps } from "./dynamo-db-lake.ts";
import { deployedSchemaFile } from "./schema-file.ts";
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

/**
 * A stack with a `DynamoDbLake`.
 *
 * @example
 * ```ts
 * import { App } from "aws-cdk-lib";
 * import { ExportStack, LakeStack } from "dynalake/cdk";
 *
 * const app = new App();
 * const { lake } = new LakeStack(app, "Lake");
 * const tableArn = "arn:aws:dynamodb:eu-central-1:111122223333:table/Orders";
 * new ExportStack(app, "OrdersExport", {
 *   lake,
 *   table: {
 *     tableName: "Orders",
 *     tableArn,
 *     streamArn: `${tableArn}/stream/2026-11-23T10:00:00.000`,
 *     key: { hash: "OrderId" },
 *   },
 *   schemaFile: "schemas/orders.json",
 * });
 * ```
 */
export class ExportStack extends Stack {
  readonly lake: DynamoDbLake;
  private readonly existing: ExistingTable | undefined;

  constructor(scope: Construct, id: string, props: ExportStackProps) {
    super(scope, id, { description: "dynalake: a table in the lake", ...props });
    this.existing = "node" in props.table ? undefined : props.table;
    const table = "node" in props.table ? props.table : imported(this, props.table);
    this.requireKey(props.schemaFile);
    this.lake = new DynamoDbLake(this, "Export", { ...props, table });
  }

  /** Adds another lake table of the same source: see `DynamoDbLake.addTable`. */
  addTable(added: AddedTableProps): string {
    this.requireKey(added.schemaFile);
    return this.lake.addTable(added);
  }

  /** Throws what makes an existing table unusable for the schema. */
  private requireKey(schemaFile: string): void {
    if (this.existing === undefined) return;
    const { tableName: name, key } = this.existing;
    const facts = { name, key, streamViewType: undefined, recoveryEnabled: undefined };
    requireUsable(facts, deployedSchemaFile(schemaFile), { stream: "", recovery: "" });
  }
}

function imported(stack: Stack, existing: ExistingTable): ITable {
  const { encryptionKeyArn } = existing;
  return Table.fromTableAttributes(stack, "Table", {
    tableArn: existing.tableArn,
    tableStreamArn: existing.streamArn,
    ...(encryptionKeyArn === undefined
      ? {}
      : { encryptionKey: Key.fromKeyArn(stack, "TableKey", encryptionKeyArn) }),
  });
}
