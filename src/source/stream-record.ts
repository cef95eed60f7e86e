import type { _Record, StreamRecord } from "@aws-sdk/client-dynamodb-streams";
import { toItemJson } from "./attribute-json.ts";

/** A record of a stream as the SDK gives it. */
export type SdkRecord = _Record;

/**
 * A record as a Lambda function gets it in an event
 * (https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html): attributes as DynamoDB JSON, the time in whole seconds,
 * `userIdentity` in lower case. Members that the service left out stay out.
 */
export function toEventRecord(record: SdkRecord, streamArn: string): Readonly<Record<string, unknown>> {
  const identity = record.userIdentity;
  return present({
    eventID: record.eventID,
    eventName: record.eventName,
    eventVersion: record.eventVersion,
    eventSource: record.eventSource,
    awsRegion: record.awsRegion,
    dynamodb: record.dynamodb === undefined ? undefined : toEventChange(record.dynamodb),
    eventSourceARN: streamArn,
    userIdentity:
      identity === undefined
        ? undefined
        : present({ type: identity.Type, principalId: identity.PrincipalId }),
  });
}

function toEventChange(change: StreamRecord): Readonly<Record<string, unknown>> {
  const { ApproximateCreationDateTime: created, Keys, NewImage, OldImage } = change;
  return present({
    ApproximateCreationDateTime: created === undefined ? undefined : Math.floor(created.getTime() / 1_000),
    Keys: Keys && toItemJson(Keys),
    NewImage: NewImage && toItemJson(NewImage),
    OldImage: OldImage && toItemJson(OldImage),
    SequenceNumber: change.SequenceNumber,
    SizeBytes: change.SizeBytes,
    StreamViewType: change.StreamViewType,
  });
}

function present(members: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
}
