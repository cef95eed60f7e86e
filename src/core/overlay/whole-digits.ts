/** How many digits before the point the values of columns have: what a decimal does not need there has room behind the point. */
import { quoted } from "../ports/dialect.ts";
import type { ObjectStore } from "../ports/object-store.ts";
import type { QueryEngine } from "../ports/query-engine.ts";
import type { Column } from "../schema/schema.ts";
import { keptSnapshots } from "../table/kept-snapshots.ts";
import type { TableState } from "../table/open-table.ts";
import { currentView, historyView, snapshotsView } from "./lake-view.ts";

/** Counts by attribute, in the table, its history and its snapshots: one look at each of the columns. */
export async function countWholeDigits(
  { store, engine }: { readonly store: ObjectStore; readonly engine: QueryEngine },
  table: TableState,
  columns: readonly Column[],
): Promise<ReadonlyMap<string, number>> {
  if (columns.length === 0) return new Map();
  const history = await historyView(engine, table);
  const snapshots = snapshotsView(engine, table.schema, await keptSnapshots(store, table));
  const text = engine.dialect.typeName({ kind: "string" });
  const ends = columns.flatMap(({ name }, i) =>
    ["min", "max"].map((end) => `CAST(${end}(${quoted(name)}) AS ${text}) AS ${quoted(`${end} ${i}`)}`),
  );
  const most = new Map(columns.map(({ attribute }) => [attribute, 0]));
  // breakage: digits-of-history-count
  for (const view of [await currentView(engine, table, undefined), history, snapshots]) {
    const [row] = await engine.rows(`SELECT ${ends.join(", ")} FROM (${view.sql})`);
    for (const [i, { attribute }] of columns.entries())
      for (const end of ["min", "max"])
        most.set(attribute, Math.max(most.get(attribute) as number, wholeDigits(row?.[`${end} ${i}`])));
  }
  return most;
}

function wholeDigits(number: unknown): number {
  const [, digits = ""] = /^-?0*(\d*)/.exec(String(number ?? "")) ?? [];
  return digits.length;
}
