/** Each function's permissions, apart from writing its log and traces. */
import type { Permission } from "./permissions.ts";
import type { SourceTable } from "./source-table.ts";
import type { TableAccess } from "./table-access.ts";

/** Sends changes to Firehose, and to quarantine what cannot be delivered. */
export function streamPermissions(
  access: TableAccess,
  source: SourceTable,
  deliveryStreamArn: string,
): readonly Permission[] {
  return [
    { actions: ["firehose:PutRecordBatch"], resources: [deliveryStreamArn] },
    ...access.openLakeTable(),
    // To check that Firehose has a column for everything it is sent.
    ...access.catalog(["glue:GetTable"], [access.stored("changes")]),
    ...access.read("quarantine/", "gaps/", "watch.json"),
    ...access.write("quarantine/", "gaps/"),
    ...access.list("quarantine/", "gaps/", "watch.json"),
    ...access.leaveFailedBatches(),
    {
      actions: ["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"],
      resources: [source.streamArn],
    },
    {
      actions: ["dynamodb:ListStreams"],
      resources: ["*"],
      because:
        "ListStreams has no resource-level permissions, and Lambda requires it before it creates a mapping.",
    },
    ...readEncrypted(source),
  ];
}

/** DynamoDB writes an export with the caller's permissions. */
export function beginSnapshotPermissions(access: TableAccess, source: SourceTable): readonly Permission[] {
  return [
    ...access.openLakeTable(),
    {
      actions: ["dynamodb:DescribeContinuousBackups", "dynamodb:ExportTableToPointInTime"],
      resources: [source.tableArn],
    },
    access.objects(["s3:AbortMultipartUpload", "s3:PutObject", "s3:PutObjectAcl"], ["exports/"]),
    ...access.key("kms:Decrypt", "kms:GenerateDataKey"),
    ...readEncrypted(source),
  ];
}

/** Turns one file of the export into wire rows. */
export function snapshotPartPermissions(access: TableAccess): readonly Permission[] {
  return [
    ...access.openLakeTable(),
    ...access.read("exports/", "quarantine/"),
    ...access.upload("staging/"),
    ...access.write("quarantine/"),
    ...access.list("exports/", "quarantine/"),
  ];
}

/** Counts the staged rows, divides them into parts, and stores the statements that will write them. */
export function planSeedPermissions(access: TableAccess): readonly Permission[] {
  return [
    ...access.openLakeTable(),
    ...access.read("exports/", "staging/"),
    ...access.write("staging/"),
    ...access.list("exports/", "staging/"),
    ...access.runStatements("staging"),
  ];
}

/** What a check of the stream records for the next one. */
const LOOKS = ["watch.json", "beginning.json"];

/**
 * Runs statements to find out what to fold. Publishes metrics from listings of what went wrong, and from checking the stream
 * and the mapping that reads it.
 */
export function planCompactionPermissions(
  access: TableAccess,
  source: SourceTable,
  mappingArn: string,
): readonly Permission[] {
  return [
    ...access.openLakeTable(),
    ...access.read("changes/", "segments/", "gaps/", ...LOOKS),
    ...access.write("staging/", "gaps/", ...LOOKS),
    ...access.list("changes/", "segments/", "gaps/", "quarantine/", "errors/", ...LOOKS),
    { actions: ["dynamodb:DescribeTable"], resources: [source.tableArn] },
    { actions: ["lambda:GetEventSourceMapping"], resources: [mappingArn] },
    ...access.listFailedBatches(),
    ...access.runStatements("changes", "segments"),
    // To register segments again that Glue has lost.
    ...access.catalog(["glue:BatchCreatePartition"], [access.stored("segments")]),
    // To check that the tables have the columns of a newly deployed schema; running statements covers the other two tables.
    ...access.catalog(["glue:GetTable"], [access.stored("staging")]),
  ];
}

/** Registers the segments, counts their rows and commits; after a conflict, deletes what its run staged. */
export function commitPermissions(access: TableAccess): readonly Permission[] {
  return [
    ...access.openLakeTable(),
    ...access.read("staging/", "segments/", "gaps/", "beginning.json"),
    ...access.list("changes/", "segments/", "gaps/", "staging/", "beginning.json"),
    ...access.write("manifest/"),
    ...access.remove("segments/"),
    ...access.catalog(["glue:BatchCreatePartition", "glue:GetTable"], [access.stored("segments")]),
    ...access.runStatements("segments"),
  ];
}

export function publishViewsPermissions(access: TableAccess): readonly Permission[] {
  return [
    ...access.openLakeTable(),
    ...access.list("changes/"),
    ...access.catalog(["glue:CreateTable", "glue:GetTable", "glue:UpdateTable"], access.views()),
  ];
}

/** The only function that deletes commits, exports and staged rows. No function deletes changes. */
export function cleanPermissions(access: TableAccess): readonly Permission[] {
  const folders = ["staging/", "exports/", "segments/"];
  return [
    ...access.read("manifest/"),
    ...access.list(...folders, "manifest/"),
    ...access.remove(...folders, "manifest/"),
    ...access.catalog(["glue:BatchDeletePartition", "glue:GetPartitions"], [access.stored("segments")]),
  ];
}

/** Reading, exporting or streaming a table encrypted with a KMS key needs permission on that key. */
function readEncrypted(source: SourceTable): readonly Permission[] {
  if (source.encryptionKeyArn === undefined) return [];
  return [{ actions: ["kms:Decrypt", "kms:DescribeKey"], resources: [source.encryptionKeyArn] }];
}

/** Writing a log group, and traces. */
export function loggingPermission(logGroupArn: string): Permission {
  return {
    actions: ["logs:CreateLogStream", "logs:PutLogEvents"],
    resources: [logGroupArn],
    because: "A log group's ARN ends in a wildcard for its streams.",
  };
}
