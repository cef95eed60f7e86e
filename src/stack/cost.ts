/** What a source table would cost on AWS: by what options say, or by what the table and two weeks of its metrics show. */
import { CloudWatchClient, GetMetricStatisticsCommand } from "@aws-sdk/client-cloudwatch";
import { type Estimate, estimate } from "../core/cost/estimate.ts";
import { DEFAULT_LOAD, type Load } from "../core/cost/load.ts";
import { defined } from "../core/defined.ts";
import { awsError } from "../sdk/aws-error.ts";
import { type AwsSettings, clientOptions } from "../sdk/clients.ts";
import { withoutLog } from "../sdk/without-log.ts";
import { describeSource } from "../source/describe-source.ts";
import { connectSource, type SourceConfig } from "../source/source-connection.ts";

export type { CostLine, Estimate } from "../core/cost/estimate.ts";

/** What options give; the rest has defaults, or comes from the table. */
export type GivenLoad = { readonly [Name in keyof Load]?: Load[Name] | undefined };

export function costOf(given: GivenLoad): Estimate {
  return estimate({ ...DEFAULT_LOAD, writesPerSecond: 0, tableBytes: 0, ...defined(given) });
}

/**
 * With the table's own size and write rate, where they are not given. An endpoint other than AWS has no metrics: there the rate
 * must be given, or is 0.
 */
export async function costOfSource(table: string, given: GivenLoad, at: SourceConfig): Promise<Estimate> {
  const connection = connectSource(at);
  try {
    const { bytesEstimate, itemsEstimate } = await describeSource(connection, table);
    const itemBytes =
      given.itemBytes ?? (itemsEstimate === 0 ? DEFAULT_LOAD.itemBytes : bytesEstimate / itemsEstimate);
    const writesPerSecond =
      given.writesPerSecond ??
      (at.endpoint === undefined ? await writeRate(table, itemBytes, defined({ region: at.region })) : 0);
    return costOf({ ...given, tableBytes: given.tableBytes ?? bytesEstimate, itemBytes, writesPerSecond });
  } finally {
    connection.close();
  }
}

const RATE_DAYS = 14;
const DAY_SECONDS = 86_400;
/** A write unit is a write of up to 1 KiB (AWS: DynamoDB developer guide, "Read and write operations"). */
const WRITE_UNIT_BYTES = 1024;

/** About how many items are written in a second: each takes units by its size. */
async function writeRate(table: string, itemBytes: number, settings: AwsSettings): Promise<number> {
  const client = withoutLog(new CloudWatchClient(clientOptions(settings)));
  const now = Date.now();
  try {
    const { Datapoints = [] } = await client
      .send(
        new GetMetricStatisticsCommand({
          Namespace: "AWS/DynamoDB",
          MetricName: "ConsumedWriteCapacityUnits",
          Dimensions: [{ Name: "TableName", Value: table }],
          StartTime: new Date(now - RATE_DAYS * DAY_SECONDS * 1000),
          EndTime: new Date(now),
          Period: DAY_SECONDS,
          Statistics: ["Sum"],
        }),
      )
      .catch((error: unknown) => {
        const attempt = `read the write rate of "${table}"`;
        throw awsError(error, { service: "CloudWatch", attempt, otherwise: "SOURCE_FAILED" });
      });
    const units = Datapoints.reduce((sum, { Sum = 0 }) => sum + Sum, 0);
    const unitsPerWrite = Math.max(1, Math.ceil(itemBytes / WRITE_UNIT_BYTES));
    return units / unitsPerWrite / (RATE_DAYS * DAY_SECONDS);
  } finally {
    client.destroy();
  }
}
