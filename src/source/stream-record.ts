import type { WrittenRecord } from "./written-records.ts";

/**
 * A record as a Lambda function gets it in an event
 * (https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html): attributes as DynamoDB JSON, the time in whole seconds,
 * `userIdentity` in lower case. Members that the service left out stay out.
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
