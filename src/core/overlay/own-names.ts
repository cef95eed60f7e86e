/** Each table of a lake has names of its own in SQL: a table "orders_history" would hide the history of "orders", or be hidden by it. */
import { DynalakeError } from "../error.ts";
import type { ObjectStore } from "../ports/object-store.ts";
import { openTable } from "../table/open-table.ts";
import { viewNames } from "./lake-view.ts";

/** A name for a table beside others: the wanted one, with a number if it or one of its views has a name of theirs. */
export function nameBeside(wanted: string, others: readonly string[]): string {
  const taken = new Set(others.flatMap(viewNames));
  const isOwn = (name: string): boolean => !viewNames(name).some((each) => taken.has(each));
  // breakage: tables-of-a-split-have-names-of-their-own
  for (let number = 1; ; number++) {
    const name = number === 1 ? wanted : `${wanted}_${number}`;
    if (isOwn(name)) return name;
  }
}

/** Throws USAGE if a new table of that name would take a name of another table, or of one of its views. */
export async function requireOwnNames(store: ObjectStore, table: string): Promise<void> {
  const names = new Set(viewNames(table));
  for (const other of await store.folders("")) {
    const shared = other === table ? undefined : viewNames(other).find((name) => names.has(name));
    // breakage: names-of-tables-apart
    if (shared === undefined || (await openTable(store, other)) === undefined) continue;
    throw new DynalakeError(
      "USAGE",
      `a table "${table}" beside "${other}" would leave it open what "${shared}" is in SQL`,
      { next: "Give the new table another name: --table NAME, or `table` in its schema." },
    );
  }
}
