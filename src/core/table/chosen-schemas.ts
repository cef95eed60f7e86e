/** Which lake table a command is about. */
import { DynalakeError } from "../error.ts";
import type { ObjectStore } from "../ports/object-store.ts";
import { type Schema, tableName } from "../schema/schema.ts";
import { lakeTables, latestManifest, readSchema, requireSchema } from "./lake-table.ts";

/** The tables of that name or of that source, or all of the lake's; throws LAKE_NOT_FOUND where there are none. */
export async function chosenSchemas(
  store: ObjectStore,
  lake: string,
  name: string | undefined,
): Promise<readonly Schema[]> {
  const tables = await lakeTables(store);
  if (tables.length === 0) throw new DynalakeError("LAKE_NOT_FOUND", `${lake} is no lake: it has no tables`);
  const schemas: Schema[] = [];
  for (const table of tables) {
    await requireReadable(store, table);
    schemas.push(await requireSchema(store, table));
  }
  if (name === undefined) return schemas;
  const named = schemas.filter((schema) => schema.table === tableName(name) || schema.source === name);
  return named.length > 0 ? named : [await requireSchema(store, tableName(name))];
}

/** The one table of a lake, or the one named; throws USAGE where the lake has several. */
export async function oneSchema(store: ObjectStore, lake: string, name: string | undefined): Promise<Schema> {
  const schemas = await chosenSchemas(store, lake, name);
  if (schemas.length === 1) return schemas[0] as Schema;
  const tables = schemas.map((schema) => schema.table).join(", ");
  throw new DynalakeError("USAGE", `the lake has several tables (${tables}): choose one with --name`);
}

/** The lake's own schema of a table, or undefined where it has none; throws LAKE_NEWER before anything can be written. */
export async function knownSchema(store: ObjectStore, table: string): Promise<Schema | undefined> {
  await requireReadable(store, table);
  return readSchema(store, table);
}

/** The newest manifest tells the version that wrote the table. */
async function requireReadable(store: ObjectStore, table: string): Promise<void> {
  await latestManifest(store, table);
}
