/** Starts, follows and reads exports of the source table to the lake's bucket. */
import { createHash } from "node:crypto";
import {
  DescribeContinuousBackupsCommand,
  DescribeExportCommand,
  type DynamoDBClient,
  ExportTableToPointInTimeCommand,
} from "@aws-sdk/client-dynamodb";
import { defined } from "../core/defined.ts";
import { DynalakeError } from "../core/error.ts";
import {
  type ExportFile,
  type ExportSummary,
  parseExportFiles,
  parseExportSummary,
} from "../core/exports/export-manifest.ts";
import { exportFolder, exportsPrefix } from "../core/format/deployment-path.ts";
import type { ObjectStore } from "../core/ports/object-store.ts";
import { awsError, failureName } from "../sdk/aws-error.ts";
import { tableNameOfArn } from "./table-arn.ts";

export interface ExportRequest {
  readonly client: DynamoDBClient;
  readonly sourceTableArn: string;
  readonly bucket: string;
  /** The source's name. */
  readonly source: string;
  /** Two starts with the same name within eight hours give one export. */
  readonly name: string;
  /** The KMS key of the bucket, if it has one. */
  readonly kmsKeyArn?: string;
  /** The bucket's account, if the table is in another one. */
  readonly bucketOwner?: string;
}

export interface StartedExport {
  readonly exportArn: string;
  /** The folder of its manifests and data in the bucket; ends in "/". */
  readonly exportPrefix: string;
}

/** Starts an export of the whole table. Fails with BACKUPS_OFF if point-in-time recovery is off. */
export async function startExport(request: ExportRequest): Promise<StartedExport> {
  await requireRecovery(request);
  const { bucketOwner, client, sourceTableArn, bucket, source, kmsKeyArn } = request;
  const command = new ExportTableToPointInTimeCommand({
    TableArn: sourceTableArn,
    ClientToken: request.name,
    S3Bucket: bucket,
    S3Prefix: exportsPrefix(source),
    ExportFormat: "DYNAMODB_JSON",
    ExportType: "FULL_EXPORT",
    ...(kmsKeyArn === undefined ? {} : { S3SseAlgorithm: "KMS" as const, S3SseKmsKeyId: kmsKeyArn }),
    ...defined({ S3BucketOwner: bucketOwner }),
  });
  const answer = await client.send(command).catch((error: unknown) => {
    if (failureName(error) === "PointInTimeRecoveryUnavailableException") throw recoveryOff(request);
    throw failed(error, `export table "${tableNameOfArn(sourceTableArn)}"`);
  });
  const exportArn = answer.ExportDescription?.ExportArn;
  if (exportArn === undefined)
    throw new DynalakeError("SOURCE_FAILED", "DynamoDB returned no ARN for the export");
  return { exportArn, exportPrefix: exportFolder(source, exportArn.slice(exportArn.lastIndexOf("/") + 1)) };
}

async function requireRecovery(request: ExportRequest): Promise<void> {
  const name = tableNameOfArn(request.sourceTableArn);
  const command = new DescribeContinuousBackupsCommand({ TableName: request.sourceTableArn });
  const answer = await request.client.send(command).catch((error: unknown) => {
    throw failed(error, `describe the backups of table "${name}"`);
  });
  const recovery = answer.ContinuousBackupsDescription?.PointInTimeRecoveryDescription;
  if (recovery?.PointInTimeRecoveryStatus !== "ENABLED") throw recoveryOff(request);
}

function recoveryOff(request: ExportRequest): DynalakeError {
  const name = tableNameOfArn(request.sourceTableArn);
  return new DynalakeError("BACKUPS_OFF", `point-in-time recovery is off for table "${name}"`, {
    next: `Run: aws dynamodb update-continuous-backups --table-name ${name} --point-in-time-recovery-specification PointInTimeRecoveryEnabled=true. Then take the snapshot again.`,
  });
}

export interface ExportState {
  readonly status: "IN_PROGRESS" | "COMPLETED" | "FAILED";
  /** DynamoDB's reason for a failure. */
  readonly failure: string | undefined;
}

export async function describeExport(client: DynamoDBClient, exportArn: string): Promise<ExportState> {
  const command = new DescribeExportCommand({ ExportArn: exportArn });
  const answer = await client.send(command).catch((error: unknown) => {
    throw failed(error, "describe the export");
  });
  const { ExportStatus, FailureCode, FailureMessage } = answer.ExportDescription ?? {};
  const said = [FailureCode, FailureMessage].filter((text) => text !== undefined).join(": ");
  return { status: ExportStatus ?? "IN_PROGRESS", failure: said === "" ? undefined : said };
}

export interface ReadExport {
  readonly summary: ExportSummary;
  readonly files: readonly ExportFile[];
}

/** Reads the manifests of a finished export in the lake. Fails with EXPORT_INVALID. */
export async function readExport(store: ObjectStore, exportPrefix: string): Promise<ReadExport> {
  const summary = await readExportSummary(store, exportPrefix);
  if (summary.manifestFilesKey !== `${exportPrefix}manifest-files.json`)
    throw new DynalakeError("EXPORT_INVALID", "manifest-summary.json refers to a manifest of another export");
  const files = parseExportFiles(await manifest(store, exportPrefix, "manifest-files"), summary);
  const keys = new Set<string>();
  for (const { key } of files) {
    // breakage: aws-export-keys-inside
    const name = key.startsWith(`${exportPrefix}data/`) ? key.slice(exportPrefix.length + 5) : "";
    if (!/^[A-Za-z0-9_-][A-Za-z0-9_.-]*$/.test(name) || keys.has(key)) {
      throw new DynalakeError(
        "EXPORT_INVALID",
        "manifest-files.json lists a data file twice, or one outside the export",
      );
    }
    keys.add(key);
  }
  return { summary, files };
}

export async function readExportSummary(store: ObjectStore, exportPrefix: string): Promise<ExportSummary> {
  return parseExportSummary(await manifest(store, exportPrefix, "manifest-summary"));
}

/** A manifest's text, checked against its MD5 file if there is one. */
async function manifest(store: ObjectStore, exportPrefix: string, stem: string): Promise<string> {
  const content = await store.read(`${exportPrefix}${stem}.json`);
  if (content === undefined)
    throw new DynalakeError("EXPORT_INVALID", `the export has no ${stem}.json in ${exportPrefix}`);
  const told = await store.read(`${exportPrefix}${stem}.md5`);
  const md5 = createHash("md5").update(content).digest("base64");
  // breakage: aws-export-manifest-checksum
  if (told !== undefined && Buffer.from(told).toString("utf8").trim() !== md5)
    throw new DynalakeError("EXPORT_INVALID", `${stem}.json does not match its checksum in ${stem}.md5`);
  return Buffer.from(content).toString("utf8");
}

function failed(error: unknown, attempt: string): DynalakeError {
  const name = failureName(error);
  const isMissing = name === "ResourceNotFoundException" || name === "TableNotFoundException";
  const otherwise = isMissing ? "TABLE_NOT_FOUND" : "SOURCE_FAILED";
  return awsError(error, { service: "DynamoDB", attempt, otherwise });
}
