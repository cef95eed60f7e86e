/** The deployed tiny-app.ts and calls for tests of it. */

import { setTimeout as sleep } from "node:timers/promises";
import {
  AthenaClient,
  GetQueryExecutionCommand,
  GetQueryResultsCommand,
  type QueryExecution,
  StartQueryExecutionCommand,
} from "@aws-sdk/client-athena";
import { CloudWatchClient } from "@aws-sdk/client-cloudwatch";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { GlueClient } from "@aws-sdk/client-glue";
import { LambdaClient } from "@aws-sdk/client-lambda";
import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import {
  DescribeExecutionCommand,
  type DescribeExecutionOutput,
  SFNClient,
  StartExecutionCommand,
} from "@aws-sdk/client-sfn";
import { deployStacks } from "./deploy.ts";
import { type AwsEmulator, sharedEmulator } from "./emulator.ts";

export interface TinyWorld {
  readonly emulator: AwsEmulator;
  readonly outputs: Readonly<Record<string, string>>;
  readonly bucket: string;
  readonly dynamodb: DynamoDBClient;
  readonly s3: S3Client;
  readonly glue: GlueClient;
  readonly athena: AthenaClient;
  readonly sfn: SFNClient;
  readonly lambda: LambdaClient;
  readonly cloudwatch: CloudWatchClient;
  close(): void;
}

/** With policies enforced: what works this way also works without. */
export async function openTinyWorld(): Promise<TinyWorld> {
  const emulator = await sharedEmulator();
  const { Tiny: outputs = {} } = await deployStacks(emulator, {
    app: "node_modules/.bin/tsx test/aws/support/tiny-app.ts",
    stacks: ["Tiny"],
  });
  const clients = {
    dynamodb: new DynamoDBClient(emulator.client),
    s3: new S3Client(emulator.client),
    glue: new GlueClient(emulator.client),
    athena: new AthenaClient(emulator.client),
    sfn: new SFNClient(emulator.client),
    lambda: new LambdaClient(emulator.client),
    cloudwatch: new CloudWatchClient(emulator.client),
  };
  const close = () => {
    for (const client of Object.values(clients)) client.destroy();
  };
  return { emulator, outputs, bucket: outputs.BucketName as string, ...clients, close };
}

const secondsMax = 60;
const askEveryMs = 50;

/** Repeats `look` until it returns something. Fails after a minute. */
export async function eventually<T>(look: () => Promise<T | undefined>): Promise<T> {
  for (const untilMs = Date.now() + secondsMax * 1000; ; ) {
    const found = await look();
    if (found !== undefined) return found;
    if (Date.now() > untilMs) throw new Error(`timed out after ${secondsMax} s: ${look}`);
    await sleep(askEveryMs);
  }
}

/** Starts a statement and returns its id. */
export async function startStatement(world: TinyWorld, sql: string, token?: string): Promise<string> {
  const { QueryExecutionId } = await world.athena.send(
    new StartQueryExecutionCommand({
      QueryString: sql,
      WorkGroup: "tiny",
      QueryExecutionContext: { Database: "tiny" },
      ...(token === undefined ? {} : { ClientRequestToken: token }),
    }),
  );
  return QueryExecutionId as string;
}

/** Waits for the statement to end. */
export async function endOf(world: TinyWorld, QueryExecutionId: string): Promise<QueryExecution> {
  return await eventually(async () => {
    const { QueryExecution } = await world.athena.send(new GetQueryExecutionCommand({ QueryExecutionId }));
    return /QUEUED|RUNNING/.test(QueryExecution?.Status?.State ?? "RUNNING") ? undefined : QueryExecution;
  });
}

/** The rows of a statement, as text. Fails with the reason if the statement fails. */
export async function rowsOf(
  world: TinyWorld,
  sql: string,
): Promise<readonly (readonly (string | undefined)[])[]> {
  const QueryExecutionId = await startStatement(world, sql);
  const { Status } = await endOf(world, QueryExecutionId);
  if (Status?.State !== "SUCCEEDED") throw new Error(Status?.StateChangeReason);
  const { ResultSet } = await world.athena.send(new GetQueryResultsCommand({ QueryExecutionId }));
  return (ResultSet?.Rows ?? []).slice(1).map(({ Data = [] }) => Data.map((value) => value.VarCharValue));
}

/** The keys below a prefix. */
export async function keysBelow(world: TinyWorld, Prefix: string): Promise<readonly string[]> {
  const { Contents = [] } = await world.s3.send(new ListObjectsV2Command({ Bucket: world.bucket, Prefix }));
  return Contents.map(({ Key }) => Key as string);
}

export async function bytesOf(world: TinyWorld, Key: string): Promise<Uint8Array> {
  const { Body } = await world.s3.send(new GetObjectCommand({ Bucket: world.bucket, Key }));
  return await (Body as NonNullable<typeof Body>).transformToByteArray();
}

export async function jsonOf<T>(world: TinyWorld, key: string): Promise<T> {
  return JSON.parse(new TextDecoder().decode(await bytesOf(world, key))) as T;
}

/** Runs the state machine to its end, over statements, with `input` for its function. */
export async function executeMachine(
  world: TinyWorld,
  statements: readonly string[],
  input: Readonly<Record<string, unknown>> = {},
): Promise<DescribeExecutionOutput> {
  const key = `statements/${crypto.randomUUID()}.jsonl`;
  const Body = statements.map((sql) => `${JSON.stringify({ sql })}\n`).join("") || "\n";
  await world.s3.send(new PutObjectCommand({ Bucket: world.bucket, Key: key, Body }));
  const { executionArn } = await world.sfn.send(
    new StartExecutionCommand({
      stateMachineArn: world.outputs.Machine,
      input: JSON.stringify({ key, ...input }),
    }),
  );
  return await eventually(async () => {
    const found = await world.sfn.send(new DescribeExecutionCommand({ executionArn }));
    return found.status === "RUNNING" ? undefined : found;
  });
}
