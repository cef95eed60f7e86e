/**
 * What a source table has in a lake, whatever the number of its lake tables: the function that reads its stream, the mapping from
 * the one to the other, and the functions that export the table and stage its exports. They alone have permissions on the table.
 */
import { Duration, Stack } from "aws-cdk-lib";
import type { IRole } from "aws-cdk-lib/aws-iam";
import { EventSourceMapping, type IFunction, StartingPosition } from "aws-cdk-lib/aws-lambda";
import { Construct, type IDependable } from "constructs";
import type { SourceHandlerName } from "../src/aws/contracts/handlers.ts";
import { STREAM_FUNCTION_SECONDS } from "../src/core/table/served-intervals.ts";
import { checkedReading, type ReadingOptions } from "./delivery-options.ts";
import { snapshotPartPermissions, sourcePermissions, streamPermissions } from "./handler-permissions.ts";
import type { Lake } from "./lake.ts";
import { type LakeFunctionProps, lakeFunction } from "./lake-function.ts";
import { type MaskKey, maskKeyEnvironment, maskKeyPermissions } from "./mask-key.ts";
import { deliveryStreamName, lakePrefix, pascal, sourceFunctionName, sourceRoleName } from "./names.ts";
import { type OwnerSetup, ownerSetup } from "./owner-setup.ts";
import { checkedParts, type SnapshotPartOptions } from "./snapshot-options.ts";
import type { SourceTable } from "./source-table.ts";
import { EVERY_TABLE, TableAccess } from "./table-access.ts";

export interface SourceReaderProps {
  readonly lake: Lake;
  /** The source's name in the lake. */
  readonly source: string;
  readonly table: SourceTable;
  readonly maskKey: MaskKey;
  readonly options: ReadingOptions;
  readonly snapshotParts: SnapshotPartOptions;
}

export class SourceReader extends Construct {
  readonly streamFunction: IFunction;
  readonly mapping: EventSourceMapping;
  /** How long Lambda collects records for a batch. */
  readonly batchSeconds: number;
  /** Of a table of another account. */
  readonly ownerSetup: OwnerSetup | undefined;
  /** Of the function with the permissions on the source table. */
  readonly sourceRole: IRole;

  constructor(scope: Construct, id: string, props: SourceReaderProps) {
    super(scope, id);
    const { lake, maskKey, source, table } = props;
    const options = checkedReading(props.options);
    const parts = checkedParts(props.snapshotParts);
    this.batchSeconds = options.batchWindow.toSeconds();
    const access = new TableAccess(lake, EVERY_TABLE);
    const prefix = lakePrefix(lake.databaseName);
    const mask = maskKeyEnvironment(maskKey);
    this.streamFunction = this.function(props, "stream", {
      permissions: [
        ...streamPermissions(access, table, deliveryStreamName(prefix, source, EVERY_TABLE)),
        ...maskKeyPermissions(maskKey),
      ],
      environment: { SOURCE: source, ...mask },
      memoryMebibytes: 1024,
      timeout: Duration.seconds(STREAM_FUNCTION_SECONDS),
    });
    this.mapping = new EventSourceMapping(this, "Mapping", {
      target: this.streamFunction,
      eventSourceArn: table.streamArn,
      // Starts with the stream's last day: LATEST would miss writes made while the mapping is created.
      startingPosition: StartingPosition.TRIM_HORIZON,
      batchSize: options.batchSize,
      maxBatchingWindow: options.batchWindow,
      parallelizationFactor: options.parallelizationFactor,
      // By default Lambda retries a batch until its records leave the stream, and blocks everything behind it.
      bisectBatchOnError: true,
      retryAttempts: options.retryAttempts,
      maxRecordAge: options.recordAgeMax,
      reportBatchItemFailures: true,
      // A bucket receives the whole batch; queues and topics receive only its position.
      onFailure: { bind: () => ({ destination: lake.bucket.bucketArn }) },
      supportS3OnFailureDestination: true,
    });
    const exporter = this.function(props, "source", {
      permissions: sourcePermissions(access, table, {
        name: source,
        mappingArn: this.mapping.eventSourceMappingArn,
      }),
      environment: {
        SOURCE: source,
        ...(lake.encryptionKey === undefined ? {} : { LAKE_KEY_ARN: lake.encryptionKey.keyArn }),
        ...(table.owner === undefined
          ? {}
          : { OWNER_ROLE_ARN: table.owner.roleArn, LAKE_ACCOUNT: Stack.of(this).account }),
      },
      memoryMebibytes: 512,
      timeout: Duration.minutes(15),
    });
    this.sourceRole = exporter.role as IRole;
    const stager = this.function(props, "snapshot-part", {
      permissions: [...snapshotPartPermissions(access), ...maskKeyPermissions(maskKey)],
      environment: { SOURCE: source, ...mask },
      memoryMebibytes: parts.memoryMebibytes,
      timeout: parts.timeLimit,
    });
    lake.registry.addSource(this, "Entry", {
      stack: Stack.of(this).stackName,
      source,
      sourceTableArn: table.tableArn,
      eventSourceMapping: this.mapping.eventSourceMappingId,
      streamFunction: this.streamFunction.functionName,
      sourceFunction: exporter.functionName,
      snapshotPartFunction: stager.functionName,
      partsAtOnce: parts.atOnce,
      ...(table.owner === undefined ? {} : { ownerRole: table.owner.roleArn }),
    });
    this.ownerSetup = this.opened(props);
  }

  /** Opens the lake for the exports of a table of another account, and says what its owner opens. */
  private opened({ lake, source, table }: SourceReaderProps): OwnerSetup | undefined {
    const { owner } = table;
    if (owner === undefined) return undefined;
    lake.acceptExports(source, owner);
    return ownerSetup(this, { lake, source, owner, encryptionKeyArn: table.encryptionKeyArn, ...table });
  }

  get streamRole(): IRole {
    return this.streamFunction.role as IRole;
  }

  /** Nothing is read before the table is there: its changes would be acknowledged without it. */
  readAfter(table: IDependable): void {
    this.mapping.node.addDependency(table);
  }

  private function<Handler extends SourceHandlerName>(
    { lake, source, table }: SourceReaderProps,
    handler: Handler,
    own: Pick<LakeFunctionProps<Handler>, "permissions" | "environment" | "memoryMebibytes" | "timeout">,
  ): IFunction {
    const functionName = sourceFunctionName(lakePrefix(lake.databaseName), source, handler);
    // The owner of a table of another account names those roles that reach it.
    const isNamed = table.owner !== undefined && handler !== "snapshot-part";
    return lakeFunction(this, pascal(handler), {
      handler,
      lake,
      owner: source,
      functionName,
      ...(isNamed ? { roleName: sourceRoleName(functionName, Stack.of(this).region) } : {}),
      ...own,
    });
  }
}
