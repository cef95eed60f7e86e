/** Which of a lake's tables are asked for. */
import { DynalakeError } from "../error.ts";
import type { ObjectStore } from "../ports/object-store.ts";
import { tableName } from "../schema/schema.ts";
import { noSuchTable, type OpenTable, openTable, openTables } from "./open-table.ts";

/** The tables of that name or of that source, or all of the lake's. Throws LAKE_NOT_FOUND if there are none. */
export async function chosenTables(
  store: ObjectStore,
  lake: string,
  name: string | undefined,
): Promise<readonly OpenTable[]> {
  const tables = await openTables(store);
  if (tables.length === 0) throw new DynalakeError("LAKE_NOT_FOUND", `no lake found at ${lake}`);
  if (name === undefined) return tables;
  const named = tables.filter(({ schema }) => schema.table === tableName(name) || schema.source === name);
  if (named.length > 0) return named;
  throw noSuchTable(tableName(name), tables);
}

/** The table of that name, or else the only one of that source. Throws LAKE_NOT_FOUND, and USAGE if the source has several. */
export async function namedTable(store: ObjectStore, lake: string, name: string): Promise<OpenTable> {
  const known = await openTable(store, tableName(name));
  if (known !== undefined) return known;
  const tables = await chosenTables(store, lake, name);
  const [first, ...others] = tables;
  if (first !== undefined && others.length === 0) return first;
  const names = tables.map(({ schema }) => schema.table).join(", ");
  throw new DynalakeError("USAGE", `source table "${name}" has several lake tables: ${names}`, {
    next: "Name one of the lake tables instead.",
  });
}

/** The one table of a lake. Throws USAGE if the lake has several. */
export async function singleTable(store: ObjectStore, lake: string): Promise<OpenTable> {
  const tables = await chosenTables(store, lake, undefined);
  const [first, ...others] = tables;
  if (first !== undefined && others.length === 0) return first;
  const names = tables.map(({ schema }) => schema.table).join(", ");
  throw new DynalakeError("USAGE", `the lake has several tables: ${names}`, {
    next: "Choose one with --table.",
  });
}
