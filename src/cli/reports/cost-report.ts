/** An estimate of cost, for people. */
import { counted, grouped } from "../../core/counted.ts";
import type { CostLine, Estimate } from "../../stack/cost.ts";

/** Each resource, the dearest first, then what is paid once, and what stays while nothing is written. */
export function costText({
  idle,
  load,
  monthDollars,
  perMonth,
  snapshotDollars,
  statements,
}: Estimate): string {
  const lines = perMonth.toSorted((a, b) => b.dollars - a.dollars);
  return [
    `${grouped(rounded(load.writesPerSecond))} writes/s, ${grouped(rounded(load.tableBytes / 1e9))} GB, items of ${counted(Math.round(load.itemBytes), "byte")}; ${counted(load.lakeTables, "lake table")}`,
    "",
    ...lines.flatMap(costLines),
    `${dollars(monthDollars).padStart(10)}  a month`,
    "",
    `${dollars(snapshotDollars).padStart(10)}  each snapshot`,
    `${dollars(idle.lake).padStart(10)}  a month: an idle lake, shared by all of its tables (in the sum above)`,
    `${dollars(idle.source).padStart(10)}  a month: an idle source`,
    `${dollars(idle.table).padStart(10)}  a month: an idle lake table`,
    "",
    `Statements of Athena: ${statements.seed} for a snapshot, ${statements.minor} for a compaction, ${statements.major} for one that rewrites every part.`,
    "List prices of us-east-1 without free tiers; queries are not included. docs/cost.md has the prices and formulas.",
    "",
  ].join("\n");
}

function costLines({ cheaper, dollars: amount, resource }: CostLine): readonly string[] {
  const line = `${dollars(amount).padStart(10)}  ${resource}`;
  return cheaper === undefined ? [line] : [line, `${"".padStart(12)}cheaper: ${cheaper}`];
}

function rounded(value: number): number {
  return Number(value.toPrecision(3));
}

function dollars(amount: number): string {
  if (amount > 0 && amount < 0.005) return "<$0.01";
  return `$${grouped(amount < 100 ? Number(amount.toFixed(2)) : Math.round(amount))}`;
}
