/** Stream records of the SDK as Lambda events have them. */
import type { _Record, StreamRecord } from "@aws-sdk/client-dynamodb-streams";
import { toItemJson } from "./attribute-json.ts";

export type SdkRecord = _Record;

/**
 * A record in the shape of a Lambda event: attributes as DynamoDB JSON, the time in whole seconds, the members of
 * `userIdentity` in lower case. Members that the service omitted stay absent. Source: "Using AWS Lambda with Amazon DynamoDB",
 * docs.aws.amazon.com/lambda/latest/dg/with-ddb.html.
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
