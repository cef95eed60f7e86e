/** The functions of snapshots and compactions: what each is given and may do. */

import { Duration } from "aws-cdk-lib";
import type { IEventSourceMapping, IFunction } from "aws-cdk-lib/aws-lambda";
import { Construct } from "constructs";
import type { HandlerName } from "../src/aws/contracts/handlers.ts";
import type { Schema } from "../src/core/schema/schema.ts";
import type { CompactionFunctions } from "./compaction-machine.ts";
import {
  beginSnapshotPermissions,
  cleanPermissions,
  commitPermissions,
  planCompactionPermissions,
  planSeedPermissions,
  publishViewsPermissions,
  snapshotPartPermissions,
} from "./handler-permissions.ts";
import { type LakeFunctionProps, lakeFunction } from "./lake-function.ts";
import { pascal } from "./lake-tables.ts";
import { type MaskKey, maskKeyEnvironment, maskKeyPermissions } from "./mask-key.ts";
import type { SnapshotFunctions } from "./snapshot-machine.ts";
import type { SourceTable } from "./source-table.ts";
import type { TableAccess } from "./table-access.ts";

export interface ControlFunctionsProps {
  readonly access: TableAccess;
  readonly schema: Schema;
  readonly source: SourceTable;
  readonly maskKey: MaskKey;
  readonly retentionHours: number;
  readonly schemaSettleTime: Duration;
  readonly mapping: IEventSourceMapping;
  /** So long a change waits in buffers on its way, at most. */
  readonly bufferSeconds: number;
}

export type ControlFunctions = SnapshotFunctions & CompactionFunctions;

/** So much memory gives one whole processor (AWS: Lambda developer guide, "Configure function memory"). */
const ONE_PROCESSOR_MEBIBYTES = 1769;

export function controlFunctions(scope: Construct, props: ControlFunctionsProps): ControlFunctions {
  const { access, maskKey, schema, source } = props;
  const functions = new Construct(scope, "Functions");
  const make = <Handler extends HandlerName>(
    handler: Handler,
    own: Pick<LakeFunctionProps<Handler>, "permissions" | "environment" | "memoryMebibytes">,
  ): IFunction => {
    const id = pascal(handler.replaceAll("-", "_"));
    return lakeFunction(functions, id, { handler, access, schema, timeout: Duration.minutes(15), ...own });
  };
  const { encryptionKey } = access.lake;
  return {
    beginSnapshot: make("begin-snapshot", {
      permissions: beginSnapshotPermissions(access, source),
      environment: {
        SOURCE_TABLE_ARN: source.tableArn,
        ...(encryptionKey === undefined ? {} : { LAKE_KEY_ARN: encryptionKey.keyArn }),
      },
      memoryMebibytes: 512,
    }),
    snapshotPart: make("snapshot-part", {
      permissions: [...snapshotPartPermissions(access), ...maskKeyPermissions(maskKey)],
      environment: maskKeyEnvironment(maskKey),
      memoryMebibytes: ONE_PROCESSOR_MEBIBYTES,
    }),
    planSeed: make("plan-seed", {
      permissions: planSeedPermissions(access),
      environment: {},
      memoryMebibytes: 1024,
    }),
    planCompaction: make("plan-compaction", {
      permissions: planCompactionPermissions(access, source, props.mapping.eventSourceMappingArn),
      environment: {
        BUFFER_SECONDS: String(props.bufferSeconds),
        SCHEMA_SETTLE_SECONDS: String(props.schemaSettleTime.toSeconds()),
        EVENT_SOURCE_MAPPING: props.mapping.eventSourceMappingId,
        SOURCE_TABLE_ARN: source.tableArn,
      },
      memoryMebibytes: 1024,
    }),
    commit: make("commit", {
      permissions: commitPermissions(access),
      environment: {},
      memoryMebibytes: 1024,
    }),
    publishViews: make("publish-views", {
      permissions: publishViewsPermissions(access),
      environment: {},
      memoryMebibytes: 512,
    }),
    clean: make("clean", {
      permissions: cleanPermissions(access),
      environment: { RETENTION_HOURS: String(props.retentionHours) },
      memoryMebibytes: 1024,
    }),
  };
}
