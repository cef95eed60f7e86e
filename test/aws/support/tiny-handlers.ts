/** The functions of tiny-app.ts: just enough to test the emulator. */
import { FirehoseClient, PutRecordBatchCommand } from "@aws-sdk/client-firehose";
import { GetObjectCommand, S3Client } from "@aws-sdk/client-s3";
import type { DynamoDBBatchResponse, DynamoDBStreamEvent } from "aws-lambda";

const firehose = new FirehoseClient({});
const s3 = new S3Client({});

/** Writes one line per record, and reports the first one not accepted. An item with "poison" fails the whole batch. */
export async function stream({ Records }: DynamoDBStreamEvent): Promise<DynamoDBBatchResponse> {
  if (Records.some(({ dynamodb }) => dynamodb?.NewImage?.poison !== undefined)) {
    const error = new Error("a poisoned record");
    error.name = "POISON";
    throw error;
  }
  const lines = Records.map(({ eventName, dynamodb, userIdentity }) => ({
    id: dynamodb?.Keys?.id?.S,
    op: eventName,
    version: dynamodb?.SequenceNumber?.padStart(40, "0"),
    expired: userIdentity?.principalId === "dynamodb.amazonaws.com",
  }));
  const { RequestResponses = [] } = await firehose.send(
    new PutRecordBatchCommand({
      DeliveryStreamName: process.env.DELIVERY_STREAM,
      Records: lines.map((line) => ({ Data: Buffer.from(`${JSON.stringify(line)}\n`) })),
    }),
  );
  console.log(
    JSON.stringify({
      _aws: {
        Timestamp: Date.now(),
        CloudWatchMetrics: [{ Namespace: "tiny", Dimensions: [["Table"]], Metrics: [{ Name: "Rows" }] }],
      },
      Table: "things",
      Rows: RequestResponses.filter(({ ErrorCode }) => ErrorCode === undefined).length,
    }),
  );
  const failed = RequestResponses.findIndex(({ ErrorCode }) => ErrorCode !== undefined);
  const itemIdentifier = Records[failed]?.dynamodb?.SequenceNumber;
  return { batchItemFailures: itemIdentifier === undefined ? [] : [{ itemIdentifier }] };
}

/** Throws an error with a given name, reads an object that its role may not read, or returns a given number of characters. */
export async function check(event: {
  readonly characters?: number;
  readonly error?: string;
  readonly forbidden?: { readonly bucket: string; readonly key: string };
}): Promise<unknown> {
  if (event.forbidden !== undefined)
    await s3.send(new GetObjectCommand({ Bucket: event.forbidden.bucket, Key: event.forbidden.key }));
  if (event.error !== undefined) {
    const error = new Error("requested by the input");
    error.name = event.error;
    throw error;
  }
  return "x".repeat(event.characters ?? 0);
}
