/** Each function's permissions, apart from writing its log and traces. */
import { Stack } from "aws-cdk-lib";
import { momentsViewName } from "../src/aws/contracts/glue-tables.ts";
import { TABLES_VIEW } from "../src/core/status/tables-view.ts";
import type { Permission } from "./permissions.ts";
import { EXPORT_ACTIONS, EXPORT_WRITES, STREAM_ACTIONS, TABLE_KEY_ACTIONS } from "./source-actions.ts";
import type { SourceTable } from "./source-table.ts";
import { EVERY_TABLE, type TableAccess } from "./table-access.ts";

const LATER = "Names that begin alike stand for what is added later.";

/** Sends changes to the delivery streams of a source's tables, to quarantine what cannot be delivered, and has the rest wait. */
export function streamPermissions(
  access: TableAccess,
  source: SourceTable,
  deliveryStreamPattern: string,
): readonly Permission[] {
  const streams = arnOf(access, "firehose", "deliverystream", deliveryStreamPattern);
  return [
    { actions: ["firehose:PutRecordBatch"], resources: [streams], because: LATER },
    ...access.readRegistry(),
    ...access.openLakeTable(),
    // To check that Firehose has a column for everything it is sent.
    ...access.catalog(["glue:GetTable"], [access.stored("changes")]),
    ...access.read("quarantine/", "gaps/", "waiting/", "watch.json"),
    ...access.write("quarantine/", "gaps/", "waiting/"),
    ...access.list("quarantine/", "gaps/", "waiting/", "watch.json"),
    ...access.remove("waiting/"),
    ...access.countAcknowledged(),
    ...access.leaveFailedBatches(),
    { actions: STREAM_ACTIONS, resources: [source.streamArn] },
    {
      actions: ["dynamodb:ListStreams"],
      resources: ["*"],
      because:
        "ListStreams has no resource-level permissions, and Lambda requires it before it creates a mapping.",
    },
    ...readEncrypted(source),
  ];
}

/** What a check of the stream records for the next one. */
const LOOKS = ["watch.json", "beginning.json"];

/** DynamoDB writes an export with the caller's permissions. Checks the stream and the mapping that reads it. */
export function sourcePermissions(
  access: TableAccess,
  source: SourceTable,
  { name, mappingArn }: { readonly name: string; readonly mappingArn: string },
): readonly Permission[] {
  return [
    ...access.readRegistry(),
    ...access.openLakeTable(),
    ...exportPermissions(access, source, name),
    { actions: ["lambda:GetEventSourceMapping"], resources: [mappingArn] },
    {
      actions: ["cloudwatch:GetMetricStatistics"],
      resources: ["*"],
      because: "Permissions to read metrics cannot name them.",
    },
    ...access.read("gaps/", "compacted.json", "found.json", ...LOOKS),
    ...access.write("gaps/", ...LOOKS),
    ...access.list(
      ...["gaps/", "quarantine/", "errors/", "waiting/", "compacted.json", "found.json", ...LOOKS],
    ),
    ...access.listFailedBatches(),
    // To tell what a look has found.
    ...access.catalog(["glue:GetTable", "glue:UpdateTable"], [momentsViewName(EVERY_TABLE)]),
    ...access.key("kms:Decrypt", "kms:GenerateDataKey"),
  ];
}

/** A table of another account is described and exported by its owner's role, which writes into the lake. */
function exportPermissions(access: TableAccess, source: SourceTable, name: string): readonly Permission[] {
  const { owner } = source;
  if (owner !== undefined) return [{ actions: ["sts:AssumeRole"], resources: [owner.roleArn] }];
  return [
    { actions: EXPORT_ACTIONS, resources: [source.tableArn] },
    access.exports(EXPORT_WRITES, name),
    ...readEncrypted(source),
  ];
}

/** Turns one file of the export into wire rows. */
export function snapshotPartPermissions(access: TableAccess): readonly Permission[] {
  return [
    ...access.readRegistry(),
    ...access.openLakeTable(),
    ...access.readExports(),
    ...access.read("quarantine/"),
    ...access.upload("staging/"),
    ...access.write("quarantine/"),
    ...access.list("quarantine/"),
  ];
}

/** Writes what is deployed, and makes the tables of the catalog. */
export function registerPermissions(access: TableAccess, tickFunctionArn: string): readonly Permission[] {
  return [
    ...access.readRegistry(),
    ...access.writeRegistry(),
    // What the lake has: a column of another type is one of its own in Glue.
    ...access.read("manifest/", "schema.json"),
    ...access.list("manifest/", "schema.json"),
    ...access.catalog(
      ["glue:CreateTable", "glue:GetTable", "glue:UpdateTable"],
      [access.stored("changes"), access.stored("segments"), access.stored("staging")],
    ),
    // To take a table out of it that is removed.
    ...access.catalog(["glue:GetTable", "glue:UpdateTable"], [TABLES_VIEW]),
    { actions: ["lambda:InvokeFunction"], resources: [tickFunctionArn] },
  ];
}

export interface MachineArns {
  readonly snapshot: string;
  readonly compaction: string;
}

/** Starts what is due. */
export function tickPermissions(
  access: TableAccess,
  machines: MachineArns,
  functionArns: readonly string[],
): readonly Permission[] {
  return [
    ...access.readRegistry(),
    ...access.writeRegistry(),
    ...access.read("manifest/", "compacted.json", "found.json", "vacuum.json"),
    ...access.list("manifest/", "changes/", "waiting/", "compacted.json", "found.json", "vacuum.json"),
    { actions: ["states:StartExecution"], resources: [machines.snapshot, machines.compaction] },
    { actions: ["states:ListExecutions"], resources: [machines.snapshot] },
    { actions: ["lambda:InvokeFunction"], resources: functionArns, because: LATER },
  ];
}

/** Takes the lock of a table. */
export function beginRunPermissions(
  access: TableAccess,
  executionArns: readonly string[],
): readonly Permission[] {
  return [
    ...access.readRegistry(),
    ...access.read("manifest/", "locks/"),
    ...access.write("locks/"),
    ...access.remove("locks/"),
    ...access.list("manifest/", "locks/"),
    {
      actions: ["states:DescribeExecution"],
      resources: executionArns,
      because: "Executions get their names when they start.",
    },
  ];
}

/** Counts the staged rows, divides them into parts, and stores the statements that will write them. */
export function planSeedPermissions(access: TableAccess): readonly Permission[] {
  return [
    ...access.readRegistry(),
    ...access.openLakeTable(),
    ...access.readExports(),
    ...access.read("staging/"),
    ...access.write("staging/"),
    ...access.list("staging/"),
    ...access.runStatements("staging"),
  ];
}

/** Runs statements to find out what to fold. Publishes metrics from listings of what went wrong. */
export function planCompactionPermissions(access: TableAccess): readonly Permission[] {
  return [
    ...access.readRegistry(),
    ...access.openLakeTable(),
    ...access.read("changes/", "segments/", "snapshots/", "gaps/", "beginning.json", "compacted.json"),
    ...access.read("found.json"),
    ...access.write("staging/", "compacted.json", "found.json"),
    ...access.list("changes/", "segments/", "gaps/", "quarantine/", "errors/", "waiting/"),
    ...access.list("beginning.json", "compacted.json", "found.json"),
    // To compare what Firehose has acknowledged with the change log, and to record what is missing.
    ...access.readAcknowledged(),
    ...access.read("errors/", "quarantine/not-a-row/", "counted.json"),
    ...access.write("gaps/", "counted.json"),
    ...access.list("counted.json"),
    ...access.runStatements("changes", "segments"),
    // To register segments again that Glue has lost.
    ...access.catalog(["glue:BatchCreatePartition"], [access.stored("segments")]),
    // To check that the tables have the columns of a new schema, and to add those that follow from the data.
    ...access.catalog(
      ["glue:GetTable", "glue:UpdateTable"],
      [access.stored("changes"), access.stored("segments"), access.stored("staging")],
    ),
  ];
}

/** Registers the segments, counts their rows and commits; after a conflict, deletes what its run staged. */
export function commitPermissions(access: TableAccess): readonly Permission[] {
  return [
    ...access.readRegistry(),
    ...access.openLakeTable(),
    ...access.read("staging/", "segments/", "gaps/", "beginning.json"),
    ...access.list("changes/", "segments/", "gaps/", "staging/", "beginning.json"),
    ...access.write("manifest/", "snapshots/"),
    ...access.remove("segments/"),
    ...access.catalog(["glue:BatchCreatePartition", "glue:GetTable"], [access.stored("segments")]),
    ...access.runStatements("segments"),
  ];
}

/** What `dynalake_tables` shows of a table. */
const TOLD = ["gaps/", "beginning.json", "compacted.json"];

export function publishViewsPermissions(access: TableAccess): readonly Permission[] {
  return [
    ...access.readRegistry(),
    ...access.openLakeTable(),
    ...access.read("snapshots/", ...TOLD),
    ...access.list("changes/", "quarantine/", "errors/", "waiting/", ...TOLD),
    ...access.listFailedBatches(),
    ...access.catalog(["glue:CreateTable", "glue:GetTable", "glue:UpdateTable"], [EVERY_TABLE]),
  ];
}

/** The only function that deletes commits, exports and staged rows. No function deletes changes. */
export function cleanPermissions(access: TableAccess): readonly Permission[] {
  const folders = ["staging/", "segments/", "snapshots/"];
  return [
    ...access.readRegistry(),
    ...access.read("manifest/", "vacuum.json"),
    ...access.write("vacuum.json"),
    ...access.list(...folders, "manifest/", "vacuum.json"),
    ...access.remove(...folders, "manifest/", "vacuum.json"),
    access.exports(["s3:DeleteObject", "s3:PutObject"]),
    access.listExports(),
    ...access.key("kms:GenerateDataKey"),
    ...access.catalog(["glue:BatchDeletePartition", "glue:GetPartitions"], [access.stored("segments")]),
  ];
}

function readEncrypted(source: SourceTable): readonly Permission[] {
  if (source.encryptionKeyArn === undefined) return [];
  return [{ actions: TABLE_KEY_ACTIONS, resources: [source.encryptionKeyArn] }];
}

/** Writing a log group. */
export function loggingPermission(logGroupArn: string): Permission {
  return {
    actions: ["logs:CreateLogStream", "logs:PutLogEvents"],
    resources: [logGroupArn],
    because: "A log group's ARN ends in a wildcard for its streams.",
  };
}

/** Sending traces, as CDK lets a traced function do. */
export const TRACING: Permission = {
  actions: ["xray:PutTelemetryRecords", "xray:PutTraceSegments"],
  resources: ["*"],
  because: "X-Ray has no resource-level permissions for traces.",
};

function arnOf(access: TableAccess, service: string, resource: string, resourceName: string): string {
  return Stack.of(access.lake).formatArn({ service, resource, resourceName });
}
