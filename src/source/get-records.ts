/** Records of a stream as the service writes them. */
import {
  type DynamoDBStreamsClient,
  GetRecordsCommand,
  type GetRecordsInput,
} from "@aws-sdk/client-dynamodb-streams";
import { withUnparsedImages } from "./unparsed-images.ts";
import { writtenAnswer } from "./written-answer.ts";

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
  /** When the service was asked, if that was for another reader, before this one asked. */
  readonly askedMs?: number;
}

/** Whether the images of records are parsed with them, or by those who ask what they say: see `withUnparsedImages`. */
export type Images = "parsed" | "unparsed";

/** Calls GetRecords; throws what the SDK throws. */
export async function getWrittenRecords(
  client: DynamoDBStreamsClient,
  input: GetRecordsInput,
  images: Images,
  abortSignal: AbortSignal,
): Promise<WrittenRecords> {
  const command = new GetRecordsCommand(input);
  const send = (): Promise<unknown> => client.send(command, { abortSignal });
  const read = images === "unparsed" ? withUnparsedImages<WrittenRecords> : undefined;
  return (await writtenAnswer<WrittenRecords>(command, send, read)) ?? {};
}
