/** What a statement about a whole lake table reads at most in Athena, known before it runs. */
import type { AwsLake } from "../aws/aws-lake.ts";
import type { Deployment } from "../aws/deployment.ts";
import { batchesOf } from "../core/batches-of.ts";
import { scanDollars } from "../core/cost/prices.ts";
import { changesDayFolder } from "../core/format/lake-path.ts";
import { viewChanges } from "../core/overlay/change-log.ts";
import { type TableState, tableAsOf } from "../core/table/open-table.ts";
import { deployedTable, type OpenedStack } from "./open-stack.ts";

export interface ReadBound {
  readonly bytes: number;
  /** By the price in us-east-1. */
  readonly dollars: number;
}

export interface ReadRows {
  readonly asOfSeconds: number | undefined;
  /** Every change, in place of the state. */
  readonly history?: boolean;
}

const LISTED_AT_ONCE_MAX = 16;

export async function readBound(
  stack: OpenedStack,
  deployment: Deployment,
  { asOfSeconds, history = false }: ReadRows,
): Promise<ReadBound> {
  const lake = stack.lakeOf(deployment);
  const opened = await deployedTable(lake, deployment.table);
  const then = await tableAsOf(lake.store, opened, asOfSeconds);
  const { manifest } = then;
  // breakage: bound-counts-what-is-read
  const rows = history ? 0 : manifest.segments.reduce((sum, { bytes }) => sum + bytes, 0);
  const bytes = rows + (await logBytes(lake, then, history));
  return { bytes, dollars: scanDollars(bytes) };
}

/** Of all days of the log, or of those that the state is read from. */
async function logBytes({ store }: AwsLake, then: TableState, all: boolean): Promise<number> {
  const { table } = then.schema;
  const since = all ? "" : (await viewChanges(then)).sinceHour.dt;
  const days = (await then.changes.days()).filter((day) => day >= since);
  let total = 0;
  for (const batch of batchesOf(days, LISTED_AT_ONCE_MAX)) {
    const listings = await Promise.all(batch.map((day) => store.list(changesDayFolder(table, day))));
    total += listings.flat().reduce((sum, { bytes }) => sum + bytes, 0);
  }
  return total;
}
