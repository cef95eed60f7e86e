/** Checks which stream the source table has, and whether the deployment's mapping reads it. */
import { DescribeTableCommand, type DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { GetEventSourceMappingCommand, type LambdaClient } from "@aws-sdk/client-lambda";
import { DynalakeError } from "../core/error.ts";
import type { StreamIdentity } from "../core/ports/change-source.ts";
import { streamLabelSeconds } from "../core/table/stream-arn.ts";
import type { RecordAge, SeenReader, Sighting } from "../core/table/stream-look.ts";
import { awsError, failureName } from "../sdk/aws-error.ts";
import { tableNameOfArn } from "./table-arn.ts";

export interface SightingRequest {
  readonly lambda: LambdaClient;
  readonly dynamodb: DynamoDBClient;
  readonly sourceTableArn: string;
  /** The id of the event source mapping. */
  readonly mappingId: string;
  readonly recordAges: readonly RecordAge[];
}

/** Fails with TABLE_NOT_FOUND, CREDENTIALS, THROTTLED, UNREACHABLE or SOURCE_FAILED. */
export async function sightStream(request: SightingRequest): Promise<Sighting> {
  return { stream: await streamOf(request), reader: await readerOf(request) };
}

async function streamOf({ dynamodb, sourceTableArn }: SightingRequest): Promise<StreamIdentity | undefined> {
  const name = tableNameOfArn(sourceTableArn);
  const { Table } = await dynamodb
    .send(new DescribeTableCommand({ TableName: sourceTableArn })) // breakage: tables-named-by-arn
    .catch((error: unknown) => {
      const isMissing = failureName(error) === "ResourceNotFoundException";
      const otherwise = isMissing ? "TABLE_NOT_FOUND" : "SOURCE_FAILED";
      throw awsError(error, { service: "DynamoDB", attempt: `describe table "${name}"`, otherwise });
    });
  if (Table === undefined)
    throw new DynalakeError("SOURCE_FAILED", `DynamoDB returned no description of table "${name}"`);
  const arn = Table.LatestStreamArn;
  // The description keeps the ARN of a disabled stream.
  if (arn === undefined || Table.StreamSpecification?.StreamEnabled !== true) return undefined;
  const createdAtSeconds = streamLabelSeconds(arn);
  if (createdAtSeconds === undefined) return { arn };
  return {
    arn,
    createdAtSeconds,
    ...(isFirst(createdAtSeconds, Table.CreationDateTime) ? { isFirst: true as const } : {}),
  };
}

/** A stream created in the table's first second is its first: the table does not accept writes yet. */
function isFirst(createdAtSeconds: number, tableCreated: Date | undefined): boolean {
  return (
    tableCreated !== undefined && Math.floor(createdAtSeconds) <= Math.floor(tableCreated.getTime() / 1000)
  );
}

/** Lambda reports a failed attempt to read as "PROBLEM: ...". */
async function readerOf({ lambda, mappingId, recordAges }: SightingRequest): Promise<SeenReader | undefined> {
  try {
    const mapping = await lambda.send(new GetEventSourceMappingCommand({ UUID: mappingId }));
    const { EventSourceArn = "", LastModified, LastProcessingResult = "", State } = mapping;
    return {
      streamArn: EventSourceArn,
      isReading: State === "Enabled" && !LastProcessingResult.startsWith("PROBLEM"),
      unchangedSinceSeconds: LastModified && Math.ceil(LastModified.getTime() / 1000),
      recordAges,
    };
  } catch (error) {
    if (failureName(error) === "ResourceNotFoundException") return undefined;
    const attempt = "read the event source mapping";
    throw awsError(error, { service: "Lambda", attempt, otherwise: "SOURCE_FAILED" });
  }
}
