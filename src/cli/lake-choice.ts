/** Which lake table a command is about. */
import { DynalakeError } from "../core/error.ts";
import type { ObjectStore } from "../core/ports/object-store.ts";
import { type Schema, tableName } from "../core/schema/schema.ts";
import { noSuchTable, type OpenTable, openTables } from "../core/table/open-table.ts";

/** The tables of that name or of that source, or all of the lake's; throws LAKE_NOT_FOUND if there are none. */
export async function chosenTables(
  store: ObjectStore,
  lake: string,
  name: string | undefined,
): Promise<readonly OpenTable[]> {
  const tables = await openTables(store);
  if (tables.length === 0) throw new DynalakeError("LAKE_NOT_FOUND", `${lake} is no lake: it has no tables`);
  if (name === undefined) return tables;
  const named = tables.filter(({ schema }) => schema.table === tableName(name) || schema.source === name);
  if (named.length > 0) return named;
  throw noSuchTable(tableName(name), tables);
}

/** The one table of a lake, or the one named; throws USAGE if the lake has several. */
export async function oneSchema(store: ObjectStore, lake: string, name: string | undefined): Promise<Schema> {
  const tables = await chosenTables(store, lake, name);
  const [first, ...others] = tables;
  if (first !== undefined && others.length === 0) return first.schema;
  const names = tables.map(({ schema }) => schema.table).join(", ");
  throw new DynalakeError("USAGE", `the lake has several tables (${names}): choose one with --name`);
}
