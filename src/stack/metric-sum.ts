/** What a metric of a service adds up to. */
import { CloudWatchClient, GetMetricStatisticsCommand } from "@aws-sdk/client-cloudwatch";
import { awsError } from "../sdk/aws-error.ts";
import { type AwsSettings, clientOptions } from "../sdk/clients.ts";
import { withoutLog } from "../sdk/without-log.ts";

export interface SummedMetric {
  readonly namespace: string;
  readonly name: string;
  readonly dimension: { readonly Name: string; readonly Value: string };
  readonly fromSeconds: number;
  readonly untilSeconds: number;
  readonly periodSeconds: number;
}

/** Undefined if it has no points in that time. `attempt` says in errors what was tried. */
export async function metricSum(
  metric: SummedMetric,
  attempt: string,
  settings: AwsSettings,
): Promise<number | undefined> {
  const client = withoutLog(new CloudWatchClient(clientOptions(settings)));
  try {
    const { Datapoints = [] } = await client
      .send(
        new GetMetricStatisticsCommand({
          Namespace: metric.namespace,
          MetricName: metric.name,
          Dimensions: [metric.dimension],
          StartTime: new Date(metric.fromSeconds * 1000),
          EndTime: new Date(metric.untilSeconds * 1000),
          Period: metric.periodSeconds,
          Statistics: ["Sum"],
        }),
      )
      .catch((error: unknown) => {
        throw awsError(error, { service: "CloudWatch", attempt, otherwise: "SOURCE_FAILED" });
      });
    return Datapoints.length === 0 ? undefined : Datapoints.reduce((sum, { Sum = 0 }) => sum + Sum, 0);
  } finally {
    client.destroy();
  }
}
