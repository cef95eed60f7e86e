/** What a source table would cost on AWS: by what options say, or by what the table and two weeks of its metrics show. */
import { type Estimate, estimate } from "../core/cost/estimate.ts";
import { DEFAULT_LOAD, type Load } from "../core/cost/load.ts";
import { defined } from "../core/defined.ts";
import type { AwsSettings } from "../sdk/clients.ts";
import { describeSource } from "../source/describe-source.ts";
import { connectSource, type SourceConfig } from "../source/source-connection.ts";
import { metricSum } from "./metric-sum.ts";

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
  const now = Math.floor(Date.now() / 1000);
  const written = {
    namespace: "AWS/DynamoDB",
    name: "ConsumedWriteCapacityUnits",
    dimension: { Name: "TableName", Value: table },
    fromSeconds: now - RATE_DAYS * DAY_SECONDS,
    untilSeconds: now,
    periodSeconds: DAY_SECONDS,
  };
  const units = (await metricSum(written, `read the write rate of "${table}"`, settings)) ?? 0;
  const unitsPerWrite = Math.max(1, Math.ceil(itemBytes / WRITE_UNIT_BYTES));
  return units / unitsPerWrite / (RATE_DAYS * DAY_SECONDS);
}
