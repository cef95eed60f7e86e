/** Reads what a stack, its mapping, its stream, its views and its bucket show of themselves. */
import { DescribeStacksCommand } from "@aws-sdk/client-cloudformation";
import { InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { ListObjectVersionsCommand } from "@aws-sdk/client-s3";
import type { AwsLake } from "../../aws/aws-lake.ts";
import { checkedAccess, type SourceEvent } from "../../aws/contracts/steps.ts";
import type { Deployment } from "../../aws/deployment.ts";
import { readMapping } from "../../aws/event-source-mapping.ts";
import { checkedShape } from "../../core/checked-shape.ts";
import { defined } from "../../core/defined.ts";
import type {
  AccessFacts,
  CommitVersions,
  ErrorFacts,
  FailedBatchFacts,
  MappingFacts,
  StreamFacts,
  ViewFacts,
} from "../../core/doctor/judge-deployment.ts";
import { DynalakeError } from "../../core/error.ts";
import { errorsFolder, failedBatchesFolder, manifestFolder } from "../../core/format/lake-path.ts";
import { quoted } from "../../core/ports/dialect.ts";
import type { ObjectStore } from "../../core/ports/object-store.ts";
import { streamLabelSeconds } from "../../core/table/stream-arn.ts";
import { regionOfArn } from "../../core/values/region-of-arn.ts";
import { awsError } from "../../sdk/aws-error.ts";
import { clientOptions } from "../../sdk/clients.ts";
import { withoutLog } from "../../sdk/without-log.ts";
import { describeSource } from "../../source/describe-source.ts";
import { connectSource } from "../../source/source-connection.ts";
import type { OpenedStack } from "../open-stack.ts";
import { recordingIn } from "../recorded-objects.ts";

export interface DescribedStack {
  readonly status: string;
  readonly updatedAtSeconds: number | undefined;
}

export async function readStack({ clients, stack }: OpenedStack): Promise<DescribedStack> {
  const { Stacks: [found] = [] } = await clients.cloudFormation
    .send(new DescribeStacksCommand({ StackName: stack }))
    .catch((error: unknown) => {
      const attempt = `describe stack "${stack}"`;
      throw awsError(error, { service: "CloudFormation", attempt, otherwise: "SOURCE_FAILED" });
    });
  const { LastUpdatedTime, StackStatus: status = "unknown" } = found ?? {};
  // A stack that was created by a change set has such a time, too.
  return { status, updatedAtSeconds: status.startsWith("UPDATE") ? secondsOf(LastUpdatedTime) : undefined };
}

export async function readMappingFacts(
  { region }: Pick<OpenedStack, "region">,
  { eventSourceMapping }: Pick<Deployment, "eventSourceMapping">,
): Promise<MappingFacts> {
  const client = withoutLog(new LambdaClient(clientOptions(defined({ region }))));
  try {
    const mapping = await readMapping(client, eventSourceMapping);
    return {
      state: mapping.State,
      lastResult: mapping.LastProcessingResult,
      isChangeDated: mapping.LastModified !== undefined,
    };
  } finally {
    client.destroy();
  }
}

/** Lets the source's function, which alone may assume the owner's role, try what it may call. It changes nothing. */
export async function readAccess(
  stack: Pick<OpenedStack, "region">,
  deployment: Pick<Deployment, "eventSourceMapping" | "sourceFunction">,
): Promise<AccessFacts> {
  const { lastResult } = await readMappingFacts(stack, deployment);
  const client = withoutLog(new LambdaClient(clientOptions(defined({ region: stack.region }))));
  const { sourceFunction: FunctionName } = deployment;
  const attempt = `have ${FunctionName} check its access`;
  const Payload = new TextEncoder().encode(JSON.stringify({ step: "check-access" } satisfies SourceEvent));
  try {
    const answer = await client.send(new InvokeCommand({ FunctionName, Payload })).catch((error: unknown) => {
      throw awsError(error, { service: "Lambda", attempt, otherwise: "SOURCE_FAILED" });
    });
    const told: unknown = JSON.parse(new TextDecoder().decode(answer.Payload) || "null");
    const access = checkedShape(checkedAccess, told);
    if (access.success) return { ...access.data, lastResult };
    throw new DynalakeError(
      "SOURCE_FAILED",
      `cannot ${attempt}: ${answer.FunctionError ?? "no such answer"}`,
    );
  } finally {
    client.destroy();
  }
}

export async function readStreamFacts({
  sourceTableArn,
}: Pick<Deployment, "sourceTableArn">): Promise<StreamFacts> {
  const connection = connectSource(defined({ region: regionOfArn(sourceTableArn) }));
  try {
    const { streamArn = "" } = await describeSource(connection, sourceTableArn);
    const { StreamDescription } = await connection.streams
      .describeStream({ StreamArn: streamArn, Limit: 1 }, new AbortController().signal)
      .catch((error: unknown) => {
        const attempt = "describe the stream";
        throw awsError(error, { service: "DynamoDB", attempt, otherwise: "SOURCE_FAILED" });
      });
    return {
      labelSeconds: streamLabelSeconds(streamArn),
      createdSeconds: secondsOf(StreamDescription?.CreationRequestDateTime),
    };
  } finally {
    connection.close();
  }
}

/** A page of a bucket's versions: so many are looked at. */
const VERSIONS_MAX = 1000;

/** Undefined if the bucket keeps no versions. */
export async function readCommitVersions(
  { bucket, clients }: Pick<AwsLake, "bucket" | "clients">,
  table: string,
): Promise<CommitVersions | undefined> {
  const request = { Bucket: bucket, Prefix: manifestFolder(table), MaxKeys: VERSIONS_MAX };
  const { Versions = [] } = await clients.s3
    .send(new ListObjectVersionsCommand(request))
    .catch((error: unknown) => {
      const attempt = "list the versions of commits";
      throw awsError(error, { service: "S3", attempt, otherwise: "STORE_FAILED" });
    });
  if (Versions.every(({ VersionId = "null" }) => VersionId === "null")) return undefined;
  const keys = Versions.map(({ Key = "" }) => Key);
  const replaced = new Set(keys.filter((key, i) => keys.indexOf(key) !== i));
  return { commits: new Set(keys).size, replaced: replaced.size };
}

export async function readFailedBatches(
  store: ObjectStore,
  { eventSourceMapping }: Pick<Deployment, "eventSourceMapping">,
): Promise<FailedBatchFacts> {
  const objects = await store.list(failedBatchesFolder(eventSourceMapping));
  const content = objects[0] && (await store.read(objects[0].path));
  // A replay may have taken it meanwhile.
  return content === undefined
    ? { objects: 0, records: undefined }
    : { objects: objects.length, records: recordingIn("a failed batch", content)?.records.length };
}

/** The member has had several names (AWS: Firehose developer guide, "Handle data delivery failures"). */
const ERROR_CODE = /"(?:lastE|e|E)rrorCode"\s*:\s*"([^"]*)"/g;

export async function readErrors(store: ObjectStore, table: string): Promise<ErrorFacts> {
  const objects = await store.list(errorsFolder(table));
  const content = objects[0] && (await store.read(objects[0].path));
  // A replay may have taken it meanwhile.
  if (content === undefined) return { objects: 0, codes: [], records: undefined };
  const text = new TextDecoder().decode(content);
  return {
    objects: objects.length,
    codes: [...text.matchAll(ERROR_CODE)].map(([, code = ""]) => code),
    records: recordingIn("a file of errors/", content)?.records.length,
  };
}

/** Reads a row of the view at most: Athena checks the columns of a view before it reads any. */
export async function readView({ engine }: Pick<AwsLake, "engine">, table: string): Promise<ViewFacts> {
  const view = await engine.catalog.table(table);
  const hasVersion = view?.VersionId !== undefined && view.VersionId !== "";
  try {
    await engine.rows(`SELECT count(*) AS rows FROM (SELECT 1 FROM ${quoted(table)} LIMIT 1)`);
    return { hasVersion, outcome: "answered" };
  } catch (error) {
    if (!(error instanceof DynalakeError) || error.code !== "SQL_FAILED") throw error;
    return { hasVersion, outcome: /stale/i.test(error.message) ? "stale" : "failed" };
  }
}

function secondsOf(time: Date | undefined): number | undefined {
  return time && time.getTime() / 1000;
}
