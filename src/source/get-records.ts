/**
 * Records of a stream as the service writes them: DynamoDB JSON. The SDK would make bytes of binary values and dates of times,
 * which would have to be turned back for every change.
 */
import { Readable } from "node:stream";
import {
  type DynamoDBStreamsClient,
  GetRecordsCommand,
  type GetRecordsInput,
} from "@aws-sdk/client-dynamodb-streams";
import { streamCollector } from "@smithy/node-http-handler";

/** Record in the Amazon DynamoDB Streams API reference, in JSON. The core judges what stands in it. */
export interface WrittenRecord {
  readonly eventID?: unknown;
  readonly eventName?: unknown;
  readonly eventVersion?: unknown;
  readonly eventSource?: unknown;
  readonly awsRegion?: unknown;
  readonly dynamodb?: {
    /** Seconds since the epoch. */
    readonly ApproximateCreationDateTime?: number;
    readonly Keys?: unknown;
    readonly NewImage?: unknown;
    readonly OldImage?: unknown;
    readonly SequenceNumber?: string;
    readonly SizeBytes?: number;
    readonly StreamViewType?: unknown;
  };
  readonly userIdentity?: { readonly Type?: unknown; readonly PrincipalId?: unknown };
}

/** The answer of GetRecords. */
export interface WrittenRecords {
  readonly Records?: readonly WrittenRecord[];
  readonly NextShardIterator?: string;
}

/** Calls GetRecords; throws what the SDK throws. */
export async function getWrittenRecords(
  client: DynamoDBStreamsClient,
  input: GetRecordsInput,
  abortSignal: AbortSignal,
): Promise<WrittenRecords> {
  const command = new GetRecordsCommand(input);
  let written: WrittenRecords = {};
  command.middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args);
      const response = result.response as { readonly statusCode: number; body: Readable };
      if (response.statusCode === 200) {
        written = JSON.parse(Buffer.from(await streamCollector(response.body)).toString("utf8"));
        // Nothing is left for the SDK to make anything of.
        response.body = Readable.from([]);
      }
      return result;
    },
    // Within the SDK's own reading of an answer, and within its retries.
    { step: "deserialize", priority: "low", name: "dynalakeWrittenRecords" },
  );
  await client.send(command, { abortSignal });
  return written;
}
