/** The last 24 hours of the lake tables of a deployment, from the metrics of its functions and of Firehose. */
import {
  CloudWatchClient,
  GetMetricDataCommand,
  type Metric,
  type MetricDataQuery,
} from "@aws-sdk/client-cloudwatch";
import { METRIC_DIMENSION, metricsNamespaceOf, type TableMetric } from "../aws/contracts/metrics.ts";
import type { Deployment } from "../aws/deployment.ts";
import { batchesOf } from "../core/batches-of.ts";
import { awsError } from "../sdk/aws-error.ts";
import { type AwsSettings, clientOptions } from "../sdk/clients.ts";
import { withoutLog } from "../sdk/without-log.ts";

export interface MetricPoint {
  /** The beginning of its period. */
  readonly fromSeconds: number;
  readonly value: number;
}

export interface TableMetricDay {
  /** Ten minutes each: the slowest way of a change from its write to the function, in seconds. */
  readonly lag: readonly MetricPoint[];
  /** Ten minutes each: the longest time that Firehose kept a row, in seconds. */
  readonly buffered: readonly MetricPoint[];
  /** An hour each: rows that Firehose took. */
  readonly rows: readonly MetricPoint[];
}

const DAY_SECONDS = 86_400;
const LAG_PERIOD_SECONDS = 600;
const ROWS_PERIOD_SECONDS = 3_600;
/** AWS: GetMetricData takes 500 metrics. */
const METRICS_MAX = 500;
const METRICS_OF_TABLE = 3;

type DayTable = Pick<Deployment, "table" | "database" | "deliveryStream">;

/** By table. Fails with SOURCE_FAILED and the failures of credentials. A metric costs $0.00001 (AWS: CloudWatch pricing). */
export async function dayMetrics(
  tables: readonly DayTable[],
  nowSeconds: number,
  settings: AwsSettings,
): Promise<ReadonlyMap<string, TableMetricDay>> {
  const client = withoutLog(new CloudWatchClient(clientOptions(settings)));
  try {
    const days = new Map<string, TableMetricDay>();
    for (const batch of batchesOf(tables, Math.floor(METRICS_MAX / METRICS_OF_TABLE))) {
      const found = await metricsOf(client, batch.flatMap(queriesOf), nowSeconds);
      for (const [i, { table }] of batch.entries()) {
        const points = (name: string): readonly MetricPoint[] => found.get(`${name}${i}`) ?? [];
        days.set(table, { lag: points("lag"), buffered: points("buffered"), rows: points("rows") });
      }
    }
    return days;
  } finally {
    client.destroy();
  }
}

/** The names of the answers have the table's place in its batch. */
function queriesOf({ table, database, deliveryStream }: DayTable, i: number): readonly MetricDataQuery[] {
  const query = (id: string, Metric: Metric, Stat: string, Period: number): MetricDataQuery => ({
    Id: `${id}${i}`,
    MetricStat: { Metric, Stat, Period },
  });
  const own = (MetricName: TableMetric): Metric => ({
    Namespace: metricsNamespaceOf(database),
    MetricName,
    Dimensions: [{ Name: METRIC_DIMENSION, Value: table }],
  });
  const freshness: Metric = {
    Namespace: "AWS/Firehose",
    MetricName: "DeliveryToS3.DataFreshness",
    Dimensions: [{ Name: "DeliveryStreamName", Value: deliveryStream }],
  };
  return [
    query("lag", own("LagSeconds"), "Maximum", LAG_PERIOD_SECONDS),
    query("buffered", freshness, "Maximum", LAG_PERIOD_SECONDS),
    query("rows", own("DeliveredRows"), "Sum", ROWS_PERIOD_SECONDS),
  ];
}

async function metricsOf(
  client: CloudWatchClient,
  queries: readonly MetricDataQuery[],
  nowSeconds: number,
): Promise<ReadonlyMap<string, readonly MetricPoint[]>> {
  const found = new Map<string, MetricPoint[]>();
  let token: string | undefined;
  do {
    const { MetricDataResults = [], NextToken } = await client
      .send(
        new GetMetricDataCommand({
          MetricDataQueries: [...queries],
          StartTime: new Date((nowSeconds - DAY_SECONDS) * 1000),
          EndTime: new Date(nowSeconds * 1000),
          ...(token === undefined ? {} : { NextToken: token }),
        }),
      )
      .catch((error: unknown) => {
        throw awsError(error, {
          service: "CloudWatch",
          attempt: "read the metrics of a day",
          otherwise: "SOURCE_FAILED",
        });
      });
    for (const { Id = "", Timestamps = [], Values = [] } of MetricDataResults) {
      const points = Timestamps.map((at, i) => ({ fromSeconds: at.getTime() / 1000, value: Values[i] ?? 0 }));
      found.set(Id, [...(found.get(Id) ?? []), ...points]);
    }
    token = NextToken;
  } while (token !== undefined);
  return found;
}
