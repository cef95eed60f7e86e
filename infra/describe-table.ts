/** Describes an existing table while the app is synthesized, so that an unusable table fails before anything is deployed. */
import {
  DescribeContinuousBackupsCommand,
  type DescribeContinuousBackupsOutput,
  type DescribeTableInput,
  type DescribeTableOutput,
} from "@aws-sdk/client-dynamodb";
import type { Schema } from "../src/core/schema/schema.ts";
import { describeSource } from "../src/source/describe-source.ts";
import { connectSource, type SourceConfig } from "../src/source/source-connection.ts";
import { type SourcePlace, sourceError } from "../src/source/source-error.ts";
import { ANSWER_SECONDS_MAX, withinSeconds } from "../src/source/within-seconds.ts";
import type { ExistingTable } from "./export-stack.ts";
import { requireUsable } from "./source-table.ts";

/** The DynamoDB calls that are needed; tests answer them. */
export interface TableApi {
  readonly place: SourcePlace;
  describeTable(input: DescribeTableInput, signal: AbortSignal): Promise<DescribeTableOutput>;
  describeBackups(tableName: string, signal: AbortSignal): Promise<DescribeContinuousBackupsOutput>;
  close(): void;
}

/** Connects to DynamoDB with the region and credentials of the environment. */
export function dynamoDb(config: SourceConfig): TableApi {
  const connection = connectSource(config);
  return {
    place: connection.place,
    describeTable: connection.tables.describeTable,
    describeBackups: (TableName, abortSignal) =>
      connection.client.send(new DescribeContinuousBackupsCommand({ TableName }), { abortSignal }),
    close: () => connection.close(),
  };
}

/**
 * Returns the table if it can feed the lake table. Throws TABLE_NOT_FOUND, STREAM_UNUSABLE, BACKUPS_OFF, SCHEMA_INVALID, USAGE,
 * CREDENTIALS, UNREACHABLE, THROTTLED or SOURCE_FAILED.
 */
export async function describeTable(api: TableApi, name: string, schema: Schema): Promise<ExistingTable> {
  let encryptionKeyArn: string | undefined;
  const tables = {
    scan: () => Promise.reject(new Error("describing a table does not scan it")),
    describeTable: async (input: DescribeTableInput, signal: AbortSignal) => {
      const answer = await api.describeTable(input, signal);
      encryptionKeyArn = answer.Table?.SSEDescription?.KMSMasterKeyArn;
      return answer;
    },
  };
  const described = await describeSource({ tables, place: api.place }, name);
  const [hash, range] = ["HASH", "RANGE"].map(
    (role) => described.keySchema.find((key) => key.role === role)?.name,
  );
  const key = { hash: hash ?? "", ...(range === undefined ? {} : { range }) };
  requireUsable(
    {
      name: described.name,
      key,
      streamViewType: described.streamArn === undefined ? false : described.streamViewType,
      recoveryEnabled: await recoveryEnabled(api, name),
    },
    schema,
    {
      stream: `Run: aws dynamodb update-table --table-name ${name} --stream-specification StreamEnabled=true,StreamViewType=NEW_AND_OLD_IMAGES. If the table has a stream of another view type, disable that one first. Then deploy again.`,
      recovery: `Run: aws dynamodb update-continuous-backups --table-name ${name} --point-in-time-recovery-specification PointInTimeRecoveryEnabled=true. Then deploy again.`,
    },
  );
  return {
    tableName: described.name,
    tableArn: described.arn,
    streamArn: described.streamArn ?? "",
    key,
    ...(encryptionKeyArn === undefined ? {} : { encryptionKeyArn }),
  };
}

async function recoveryEnabled(api: TableApi, name: string): Promise<boolean> {
  const attempt = { place: api.place, attempt: `describe the backups of table "${name}"` };
  const answer = await withinSeconds(ANSWER_SECONDS_MAX, attempt, (signal) =>
    api.describeBackups(name, signal),
  ).catch((error: unknown) => {
    throw sourceError(error, attempt);
  });
  const recovery = answer.ContinuousBackupsDescription?.PointInTimeRecoveryDescription;
  return recovery?.PointInTimeRecoveryStatus === "ENABLED";
}
