/**
 * The construct of a source table in a lake, with its lake tables. src/aws/contracts has what the constructs and the functions
 * agree on: events and answers, variables, names.
 */
import type { ITable } from "aws-cdk-lib/aws-dynamodb";
import type { IRole } from "aws-cdk-lib/aws-iam";
import type { ISecret } from "aws-cdk-lib/aws-secretsmanager";
import { Construct } from "constructs";
import { type AlarmOptions, Alarms } from "./alarms.ts";
import type { BufferOptions, DeliveryOptions } from "./delivery-options.ts";
import type { Lake } from "./lake.ts";
import { COMPACT_EVERY, LakeTable, type LakeTableOptions } from "./lake-table.ts";
import { requireMaskKey } from "./mask-key.ts";
import { sourceMetrics } from "./metrics.ts";
import { pascal, sourceName } from "./names.ts";
import type { OwnerSetup } from "./owner-setup.ts";
import { deployedSchemaFile } from "./schema-file.ts";
import type { SnapshotPartOptions } from "./snapshot-options.ts";
import { SourceReader } from "./source-reader.ts";
import { countReader, sourceOf } from "./source-table.ts";
import { sourceWatches } from "./watches.ts";

/** A lake table of a source. */
export interface AddedTableProps extends LakeTableOptions {
  /** The path of the lake table's schema file. */
  readonly schemaFile: string;
  /** Default: those of the source. */
  readonly delivery?: BufferOptions;
}

export interface DynamoDbLakeProps extends LakeTableOptions {
  readonly lake: Lake;
  /** Needs a stream with new images and point-in-time recovery. Import an existing table with its stream's ARN. */
  readonly table: ITable;
  /**
   * For a table of another account: the ARN of a role there, by which the table is exported. Import the table by its ARNs.
   * `ownerSetup` has what its owner attaches.
   */
  readonly ownerRoleArn?: string;
  /** The path of the lake table's schema file. `addTable` adds more lake tables. */
  readonly schemaFile: string;
  readonly delivery?: DeliveryOptions;
  /** How the files of the table's exports are read. */
  readonly snapshotParts?: SnapshotPartOptions;
  /** The key for masked columns. Never change its value: new hashes would not match the existing ones. */
  readonly maskKeySecret?: ISecret;
  readonly alarms?: AlarmOptions | "none";
}

/**
 * A DynamoDB table in a lake: its changes are delivered from the moment it is deployed, its first snapshot starts automatically,
 * and compactions keep the view fast. Add it to any CDK app, along with a `Lake`. The table is read once, for all of its lake
 * tables.
 *
 * @example
 * ```ts
 * import { App, Stack } from "aws-cdk-lib";
 * import { AttributeType, StreamViewType, Table } from "aws-cdk-lib/aws-dynamodb";
 * import { DynamoDbLake, Lake } from "dynalake/cdk";
 *
 * const stack = new Stack(new App(), "Shop");
 * const orders = new Table(stack, "Orders", {
 *   partitionKey: { name: "OrderId", type: AttributeType.STRING },
 *   stream: StreamViewType.NEW_AND_OLD_IMAGES,
 *   pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
 * });
 * const lake = new Lake(stack, "Lake");
 * new DynamoDbLake(stack, "OrdersLake", { lake, table: orders, schemaFile: "schemas/orders.json" });
 * ```
 */
export class DynamoDbLake extends Construct {
  /** The name of the first lake table in SQL. */
  readonly lakeTable: string;
  /** The role of Firehose for each lake table, for grants of one's own. `addTable` adds those of further ones. */
  readonly deliveryRoles: Map<string, IRole> = new Map();
  /** What the owner of a table of another account attaches before this is deployed. */
  readonly ownerSetup: OwnerSetup | undefined;
  private readonly props: DynamoDbLakeProps;
  private readonly source: string;
  private readonly reader: SourceReader;

  /** Throws STREAM_UNUSABLE, BACKUPS_OFF, SCHEMA_INVALID, SCHEMA_COLLISION or USAGE for a configuration that cannot work. */
  constructor(scope: Construct, id: string, props: DynamoDbLakeProps) {
    super(scope, id);
    const { lake } = props;
    const schema = deployedSchemaFile(props.schemaFile);
    const table = sourceOf(this, props, schema);
    requireMaskKey(schema, props.maskKeySecret);
    lake.claimSource(props.table);
    countReader(this, props.table);
    this.props = props;
    this.source = sourceName(this);
    this.reader = new SourceReader(this, "Source", {
      lake,
      source: this.source,
      table,
      maskKey: props.maskKeySecret,
      options: props.delivery ?? {},
      snapshotParts: props.snapshotParts ?? {},
    });
    this.ownerSetup = this.reader.ownerSetup;
    if (props.alarms !== "none") {
      const watches = sourceWatches(
        sourceMetrics(lake, this.source, this.reader.streamFunction),
        props.alarms ?? {},
      );
      new Alarms(this, "Alarms", { lake, of: this.source, watches });
    }
    this.lakeTable = this.addTable(props);
  }

  /** The role of the function that reads the stream, for grants of one's own. */
  get streamRole(): IRole {
    return this.reader.streamRole;
  }

  /** The role of the function that looks at the source, for grants of one's own. */
  get sourceRole(): IRole {
    return this.reader.sourceRole;
  }

  /**
   * Adds another lake table, and returns its name in SQL. The stream is read, and the table exported, once for all of them. Throws
   * as the constructor does.
   */
  addTable(added: AddedTableProps): string {
    const { alarms = {}, delivery, lake, maskKeySecret } = this.props;
    const schema = deployedSchemaFile(added.schemaFile);
    sourceOf(this, this.props, schema);
    requireMaskKey(schema, maskKeySecret);
    lake.claim(schema.table, added.compactEvery ?? COMPACT_EVERY);
    const made = new LakeTable(this, pascal(schema.table), {
      ...added,
      lake,
      schema,
      source: this.source,
      batchSeconds: this.reader.batchSeconds,
      buffers: { ...delivery, ...added.delivery },
      alarms,
    });
    this.reader.readAfter(made.entry);
    this.deliveryRoles.set(made.lakeTable, made.deliveryRole);
    return made.lakeTable;
  }
}
