/**
 * The construct of one table in a lake. src/aws/contracts has what the constructs and the functions agree on: events and
 * answers, variables, names.
 */

import { CfnOutput, Duration } from "aws-cdk-lib";
import type { ITable } from "aws-cdk-lib/aws-dynamodb";
import type { ISecret } from "aws-cdk-lib/aws-secretsmanager";
import type { IStateMachine } from "aws-cdk-lib/aws-stepfunctions";
import { Construct } from "constructs";
import { STACK_OUTPUTS, type StackOutput } from "../src/aws/contracts/stack-outputs.ts";
import { type AlarmOptions, Alarms } from "./alarms.ts";
import { compactionMachine } from "./compaction-machine.ts";
import { type DeliveryOptions, FirehoseDelivery, within } from "./delivery.ts";
import { type ControlFunctions, controlFunctions } from "./functions.ts";
import type { Lake } from "./lake.ts";
import { lakeDashboard } from "./lake-dashboard.ts";
import { LakeTables, pascal } from "./lake-tables.ts";
import { requireMaskKey } from "./mask-key.ts";
import { lakeMetrics } from "./metrics.ts";
import { Schedules } from "./schedules.ts";
import { deployedSchemaFile } from "./schema-file.ts";
import { snapshotMachine } from "./snapshot-machine.ts";
import { countReader, sourceOf } from "./source-table.ts";
import { TableAccess } from "./table-access.ts";

export interface DynamoDbLakeProps {
  readonly lake: Lake;
  /** Needs a stream with new images and point-in-time recovery. Import an existing table with its stream's ARN. */
  readonly table: ITable;
  /** The path of the lake table's schema file. */
  readonly schemaFile: string;
  readonly delivery?: DeliveryOptions;
  /** Default: 15 minutes. */
  readonly compactEvery?: Duration | "never";
  /** Snapshots after the first one. Default: never; to repair a gap, start one by hand. */
  readonly snapshotEvery?: Duration | "never";
  /** How often to check whether the first snapshot is still missing, beginning right after deployment. Default: 1 day. */
  readonly firstSnapshotEvery?: Duration;
  /** How long the lake's past states can be queried: 1 to 8,760 hours. Default: 168, seven days. */
  readonly retentionHours?: number;
  /** How long after its deployment a new schema comes into use; Firehose has picked it up by then. Default: 30 minutes. */
  readonly schemaSettleTime?: Duration;
  /** The key for masked columns. Never change its value: new hashes would not match the existing ones. */
  readonly maskKeySecret?: ISecret;
  readonly alarms?: AlarmOptions | "none";
  readonly dashboard?: "none";
}

/**
 * One DynamoDB table in a lake: its changes are delivered from the moment it is deployed, its first snapshot starts
 * automatically, and compactions keep the view fast. Add it to any CDK app, along with a `Lake`.
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
  /** The name of the lake table in SQL. */
  readonly lakeTable: string;
  readonly snapshotMachine: IStateMachine;
  readonly compactionMachine: IStateMachine;

  /** Throws STREAM_UNUSABLE, BACKUPS_OFF, SCHEMA_INVALID, SCHEMA_COLLISION or USAGE for a configuration that cannot work. */
  constructor(scope: Construct, id: string, props: DynamoDbLakeProps) {
    super(scope, id);
    const { lake } = props;
    const schema = deployedSchemaFile(props.schemaFile);
    const source = sourceOf(this, props.table, schema);
    const maskKey = props.maskKeySecret;
    requireMaskKey(schema, maskKey);
    const retentionHours = props.retentionHours ?? 168;
    within("retentionHours", retentionHours, 1, 8760);
    lake.claim(schema.table);
    countReader(this, props.table);
    const access = new TableAccess(lake, schema.table);
    const tables = new LakeTables(this, "Tables", { lake, schema });
    const schemaSettleTime = props.schemaSettleTime ?? Duration.minutes(30);
    const delivery = new FirehoseDelivery(this, "Delivery", {
      access,
      schema,
      source,
      maskKey,
      changes: tables.changes,
      schemaSettleTime,
      options: props.delivery ?? {},
    });
    const functions = controlFunctions(this, {
      access,
      schema,
      source,
      maskKey,
      retentionHours,
      schemaSettleTime,
      mapping: delivery.mapping,
      bufferSeconds: delivery.bufferSeconds,
    });
    const snapshot = snapshotMachine(this, "Snapshot", { access, source, functions });
    const compaction = compactionMachine(this, "Compaction", { access, functions });
    this.lakeTable = schema.table;
    this.snapshotMachine = snapshot.machine;
    this.compactionMachine = compaction.machine;
    this.schedule(props, delivery, functions);
    this.watch(props, delivery, functions);
    this.tell({
      table: schema.table,
      bucket: lake.bucket.bucketName,
      database: lake.databaseName,
      workGroup: lake.workGroupName,
      deliveryStream: delivery.changeStream.streamName,
      snapshotMachineArn: this.snapshotMachine.stateMachineArn,
      compactionMachineArn: this.compactionMachine.stateMachineArn,
      sourceTableArn: source.tableArn,
      eventSourceMapping: delivery.mapping.eventSourceMappingId,
      streamFunction: delivery.streamFunction.functionName,
      retentionHours: String(retentionHours),
      bufferSeconds: String(delivery.bufferSeconds),
    });
  }

  private schedule(props: DynamoDbLakeProps, delivery: FirehoseDelivery, functions: ControlFunctions): void {
    new Schedules(this, "Schedules", {
      table: this.lakeTable,
      snapshot: this.snapshotMachine,
      compaction: this.compactionMachine,
      clean: functions.clean,
      after: delivery,
      firstSnapshotEvery: props.firstSnapshotEvery ?? Duration.days(1),
      snapshotEvery: props.snapshotEvery ?? "never",
      compactEvery: props.compactEvery ?? COMPACT_EVERY,
      vacuumEvery: Duration.days(1),
    });
  }

  private watch(props: DynamoDbLakeProps, delivery: FirehoseDelivery, functions: ControlFunctions): void {
    const table = this.lakeTable;
    const metrics = lakeMetrics({
      lake: props.lake,
      table,
      streamFunction: delivery.streamFunction,
      clean: functions.clean,
      deliveryStreamName: delivery.changeStream.streamName,
      snapshot: this.snapshotMachine,
      compaction: this.compactionMachine,
    });
    const options = props.alarms ?? {};
    const compactEvery = props.compactEvery ?? COMPACT_EVERY;
    const alarms =
      options === "none"
        ? []
        : new Alarms(this, "Alarms", { lake: props.lake, table, metrics, compactEvery, options }).alarms;
    if (props.dashboard !== "none") lakeDashboard(this, "Dashboard", { table, metrics, alarms });
  }

  /** Stack outputs for `dynalake --stack`; their names start with the lake table's. */
  private tell(values: Readonly<Record<StackOutput, string>>): void {
    for (const [output, value] of Object.entries(values)) {
      const name = STACK_OUTPUTS[output as StackOutput];
      new CfnOutput(this, `${name}Output`, { value }).overrideLogicalId(`${pascal(this.lakeTable)}${name}`);
    }
  }
}

const COMPACT_EVERY = Duration.minutes(15);
