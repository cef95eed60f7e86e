/** What a statement may cost at most: Athena bills by the bytes that it reads, and no plan says how many these are. */
import { scanDollars } from "../core/cost/prices.ts";
import { changesFolder } from "../core/format/lake-path.ts";
import { keptSnapshots } from "../core/table/kept-snapshots.ts";
import { openTable } from "../core/table/open-table.ts";
import type { OpenedStack } from "./open-stack.ts";
import type { StackStatement } from "./query.ts";

export interface ScanPrice {
  readonly bytesAtMost: number;
  /** US dollars, by the price in us-east-1. */
  readonly dollarsAtMost: number;
}

/** A view reads the overlay for the rows that it has and for those of the base that it hides. */
const READ_TWICE = 2;

/**
 * By the sizes of all files that the statement's tables could be read from, as often as it names them. A column read alone takes
 * less. Tables that are only reached through a view of somebody's own are not counted.
 */
export async function statementPrice(stack: OpenedStack, { tokens }: StackStatement): Promise<ScanPrice> {
  let bytes = 0;
  for (const deployment of stack.deployments) {
    const { table } = deployment;
    const named = tokens.filter(
      ({ kind, text }) => (kind === "word" || kind === "quoted") && isOf(table, text),
    );
    if (named.length === 0) continue;
    const { store } = stack.lakeOf(deployment);
    const opened = await openTable(store, table);
    if (opened === undefined) continue;
    const snapshots = named.some(({ text }) => text.toLowerCase() === `${table}_snapshots`.toLowerCase())
      ? (await keptSnapshots(store, opened)).flatMap(({ segments }) => segments)
      : [];
    const log = await store.list(changesFolder(table));
    const all = [...opened.manifest.segments, ...snapshots, ...log];
    bytes += named.length * READ_TWICE * all.reduce((sum, file) => sum + file.bytes, 0);
  }
  return { bytesAtMost: bytes, dollarsAtMost: scanDollars(bytes) };
}

/** Whether a name in a statement is the table's or begins as the names of its history, snapshots and files do. */
function isOf(table: string, name: string): boolean {
  const lower = name.toLowerCase();
  return lower === table.toLowerCase() || lower.startsWith(`${table.toLowerCase()}_`);
}
