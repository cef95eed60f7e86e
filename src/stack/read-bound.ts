/** What a statement about a whole lake table reads at most in Athena, known before it runs. */
import type { AwsLake } from "../aws/aws-lake.ts";
import type { Deployment } from "../aws/deployment.ts";
import { batchesOf } from "../core/batches-of.ts";
import { scanDollars } from "../core/cost/prices.ts";
import { changesDayFolder } from "../core/format/lake-path.ts";
import { baseSegments, deltaSegments } from "../core/format/manifest.ts";
import { windowHour } from "../core/overlay/change-log.ts";
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
/** A view asks the deltas and the log for the keys that they hide in the base, and for their newest rows. */
const OVERLAY_READINGS = 2;

export async function readBound(
  stack: OpenedStack,
  deployment: Deployment,
  { asOfSeconds, history = false }: ReadRows,
): Promise<ReadBound> {
  const lake = stack.lakeOf(deployment);
  const opened = await deployedTable(lake, deployment.table);
  const then = await tableAsOf(lake.store, opened, asOfSeconds);
  const bytes = history ? await logBytes(lake, then, "") : await stateBytes(lake, then);
  return { bytes, dollars: scanDollars(bytes) };
}

/** What a statement about the state of a table reads at most. */
export async function stateBytes(lake: Pick<AwsLake, "store">, then: TableState): Promise<number> {
  const { manifest } = then;
  const since = windowHour(manifest.horizonSeconds - manifest.skewSeconds).dt;
  const overlay = sumOf(deltaSegments(manifest)) + (await logBytes(lake, then, since));
  // breakage: bound-counts-what-is-read
  return sumOf(baseSegments(manifest)) + OVERLAY_READINGS * overlay;
}

/** Of the days of the log from one on: "2026-11-23", or "" for all. */
export async function logBytes(
  { store }: Pick<AwsLake, "store">,
  then: TableState,
  since: string,
): Promise<number> {
  const { table } = then.schema;
  const days = (await then.changes.days()).filter((day) => day >= since);
  let total = 0;
  for (const batch of batchesOf(days, LISTED_AT_ONCE_MAX)) {
    const listings = await Promise.all(batch.map((day) => store.list(changesDayFolder(table, day))));
    total += sumOf(listings.flat());
  }
  return total;
}

export function sumOf(files: readonly { readonly bytes: number }[]): number {
  return files.reduce((sum, { bytes }) => sum + bytes, 0);
}
