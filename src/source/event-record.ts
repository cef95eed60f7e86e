/** Stream records as Lambda events have them. */
import type { WrittenRecord } from "./get-records.ts";

/**
 * A record in the shape of a Lambda event: attributes as DynamoDB JSON, the time in whole seconds, the members of
 * `userIdentity` in lower case. Members that the service omitted stay absent. Source: "Using AWS Lambda with Amazon DynamoDB",
 * docs.aws.amazon.com/lambda/latest/dg/with-ddb.html.
 */
export function toEventRecord(record: WrittenRecord, streamArn: string): Readonly<Record<string, unknown>> {
  const { eventID, eventName, eventVersion, eventSource, awsRegion, dynamodb, userIdentity } = record;
  const event: Record<string, unknown> = {};
  if (eventID !== undefined) event.eventID = eventID;
  if (eventName !== undefined) event.eventName = eventName;
  if (eventVersion !== undefined) event.eventVersion = eventVersion;
  if (eventSource !== undefined) event.eventSource = eventSource;
  if (awsRegion !== undefined) event.awsRegion = awsRegion;
  if (dynamodb !== undefined) event.dynamodb = dynamodb && toEventChange(dynamodb);
  event.eventSourceARN = streamArn;
  if (userIdentity !== undefined) event.userIdentity = userIdentity && toEventIdentity(userIdentity);
  return event;
}

function toEventChange(change: NonNullable<WrittenRecord["dynamodb"]>): Readonly<Record<string, unknown>> {
  const created: unknown = change.ApproximateCreationDateTime;
  // The service writes whole seconds, so that nearly every change stays as it is.
  if (typeof created !== "number" || Number.isInteger(created)) return change as Record<string, unknown>;
  return { ...change, ApproximateCreationDateTime: Math.floor(created) };
}

function toEventIdentity(
  identity: NonNullable<WrittenRecord["userIdentity"]>,
): Readonly<Record<string, unknown>> {
  return {
    ...(identity.Type === undefined ? {} : { type: identity.Type }),
    ...(identity.PrincipalId === undefined ? {} : { principalId: identity.PrincipalId }),
  };
}
