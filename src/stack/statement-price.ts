/** What a statement may cost at most: Athena bills by the bytes that it reads, and no plan says how many these are. */
import type { AwsLake } from "../aws/aws-lake.ts";
import { scanDollars } from "../core/cost/prices.ts";
import { viewNames } from "../core/overlay/lake-view.ts";
import { TABLES_VIEW } from "../core/status/tables-view.ts";
import { keptSnapshots } from "../core/table/kept-snapshots.ts";
import { openTable, type TableState, tableAsOf } from "../core/table/open-table.ts";
import type { OpenedStack } from "./open-stack.ts";
import type { StackStatement } from "./query.ts";
import { logBytes, stateBytes, sumOf } from "./read-bound.ts";

export interface ScanPrice {
  readonly bytesAtMost: number;
  /** US dollars, by the price in us-east-1. */
  readonly dollarsAtMost: number;
}

/**
 * By the sizes of the files that the statement's tables are made of, as often as it names them. A column read alone takes less.
 * Tables that are only reached through a view of somebody's own are not counted.
 */
export async function statementPrice(
  stack: OpenedStack,
  { tokens }: StackStatement,
  asOfSeconds: number | undefined,
): Promise<ScanPrice> {
  const names = tokens
    .filter(({ kind }) => kind === "word" || kind === "quoted")
    .map(({ text }) => text.toLowerCase());
  let bytes = 0;
  for (const deployment of stack.deployments) {
    const sizes = sizesOf(deployment.table);
    const read = names.flatMap((name) => sizes.get(name) ?? []);
    if (read.length === 0) continue;
    const lake = stack.lakeOf(deployment);
    const opened = await openTable(lake.store, deployment.table);
    if (opened === undefined) continue;
    const then = await tableAsOf(lake.store, opened, asOfSeconds);
    for (const sizeOf of read) bytes += await sizeOf(lake, then);
  }
  return { bytesAtMost: bytes, dollarsAtMost: scanDollars(bytes) };
}

type SizeOf = (lake: AwsLake, then: TableState) => Promise<number>;

/** What is read by each of the table's names (`viewNames`). */
function sizesOf(table: string): ReadonlyMap<string, SizeOf> {
  const log: SizeOf = (lake, then) => logBytes(lake, then, "");
  const snapshots: SizeOf = async ({ store }, then) =>
    sumOf((await keptSnapshots(store, then)).flatMap(({ segments }) => segments));
  const segments: SizeOf = async (_, { manifest }) => sumOf(manifest.segments);
  const sizes = [stateBytes, log, snapshots, log, segments];
  const named = viewNames(table).map((name, i) => [name.toLowerCase(), sizes[i] ?? stateBytes] as const);
  // It counts the rows of all tables.
  return new Map([...named, [TABLES_VIEW, stateBytes]]);
}
