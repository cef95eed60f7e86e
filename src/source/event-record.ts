/** Stream records as Lambda events have them. */
import type { WrittenRecord } from "./get-records.ts";

/**
 * A record in the shape of a Lambda event: attributes as DynamoDB JSON, the time in whole seconds, the members of
 * `userIdentity` in lower case. Members that the service omitted stay absent. Source: "Using AWS Lambda with Amazon DynamoDB",
 * docs.aws.amazon.com/lambda/latest/dg/with-ddb.html.
 */
export function toEventRecord(record: WrittenRecord, streamArn: string): Readonly<Record<string, unknown>> {
  const identity = record.userIdentity;
  return present({
    eventID: record.eventID,
    eventName: record.eventName,
    eventVersion: record.eventVersion,
    eventSource: record.eventSource,
    awsRegion: record.awsRegion,
    dynamodb: record.dynamodb && toEventChange(record.dynamodb),
    eventSourceARN: streamArn,
    userIdentity: identity && present({ type: identity.Type, principalId: identity.PrincipalId }),
  });
}

function toEventChange(change: NonNullable<WrittenRecord["dynamodb"]>): Readonly<Record<string, unknown>> {
  const { ApproximateCreationDateTime: created, ...others } = change;
  return created === undefined
    ? others
    : { ApproximateCreationDateTime: typeof created === "number" ? Math.floor(created) : created, ...others };
}

function present(members: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
}
