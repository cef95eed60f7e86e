/**
 * How old the last record of a batch was when Lambda handed it to a stream function, by its metric `IteratorAge` (AWS: "Types of metrics
 * for Lambda functions").
 */
import { type CloudWatchClient, GetMetricStatisticsCommand } from "@aws-sdk/client-cloudwatch";
import type { RecordAge } from "../core/table/stream-look.ts";
import { awsError } from "../sdk/aws-error.ts";

export interface AgesRequest {
  readonly functionName: string;
  readonly sinceSeconds: number;
  readonly untilSeconds: number;
}

/** The oldest of each minute with batches, in the order of time. At most a day: an answer has 1,440 points. */
export async function iteratorAges(
  client: CloudWatchClient,
  { functionName, sinceSeconds, untilSeconds }: AgesRequest,
): Promise<readonly RecordAge[]> {
  const command = new GetMetricStatisticsCommand({
    Namespace: "AWS/Lambda",
    MetricName: "IteratorAge",
    Dimensions: [{ Name: "FunctionName", Value: functionName }],
    StartTime: new Date(sinceSeconds * 1000),
    EndTime: new Date(untilSeconds * 1000),
    Period: 60,
    Statistics: ["Maximum"],
  });
  const { Datapoints = [] } = await client.send(command).catch((error: unknown) => {
    const attempt = "read how far behind the stream function is";
    throw awsError(error, { service: "CloudWatch", attempt, otherwise: "SOURCE_FAILED" });
  });
  return Datapoints.flatMap(({ Maximum, Timestamp }) =>
    Maximum === undefined || Timestamp === undefined
      ? []
      : [{ atSeconds: Math.floor(Timestamp.getTime() / 1000), ageSeconds: Math.round(Maximum / 1000) }],
  ).toSorted((a, b) => a.atSeconds - b.atSeconds);
}
