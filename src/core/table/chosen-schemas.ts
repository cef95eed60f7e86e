/** Which of a lake's tables are asked for. */
import { DynalakeError } from "../error.ts";
import type { ObjectStore } from "../ports/object-store.ts";
import { type Schema, tableName } from "../schema/schema.ts";
import { lakeTables, latestManifest, readSchema, requireSchema } from "./lake-table.ts";

/** The tables of that name or of that source, or all of the lake's. Throws LAKE_NOT_FOUND if there are none. */
export async function chosenSchemas(
  store: ObjectStore,
  lake: string,
  name: string | undefined,
): Promise<readonly Schema[]> {
  const tables = await lakeTables(store);
  if (tables.length === 0) throw noLake(lake);
  const schemas: Schema[] = [];
  for (const table of tables) {
    await requireReadable(store, table);
    schemas.push(await requireSchema(store, table));
  }
  if (name === undefined) return schemas;
  const named = schemas.filter((schema) => schema.table === tableName(name) || schema.source === name);
  return named.length > 0 ? named : [await requireSchema(store, tableName(name))];
}

/** The names of the lake's tables, or of those of that name or that source. Throws LAKE_NOT_FOUND if there are none. */
export async function tablesOf(
  store: ObjectStore,
  lake: string,
  name: string | undefined,
): Promise<readonly string[]> {
  if (name !== undefined) return (await chosenSchemas(store, lake, name)).map(({ table }) => table);
  const tables = await lakeTables(store);
  if (tables.length === 0) throw noLake(lake);
  return tables;
}

/** The table of that name, or else the only one of that source. Throws LAKE_NOT_FOUND, and USAGE if the source has several. */
export async function tableSchema(store: ObjectStore, lake: string, name: string): Promise<Schema> {
  const known = await readSchema(store, tableName(name));
  if (known !== undefined) return known;
  const [schema, ...others] = await chosenSchemas(store, lake, name);
  if (schema !== undefined && others.length === 0) return schema;
  const tables = [schema, ...others].map((each) => each?.table).join(", ");
  throw new DynalakeError("USAGE", `"${name}" has several lake tables (${tables}): name one of them`);
}

function noLake(lake: string): DynalakeError {
  return new DynalakeError("LAKE_NOT_FOUND", `no lake found at ${lake}`);
}

/** The one table of a lake, or the one named. Throws USAGE if the lake has several. */
export async function oneSchema(store: ObjectStore, lake: string, name: string | undefined): Promise<Schema> {
  const schemas = await chosenSchemas(store, lake, name);
  if (schemas.length === 1) return schemas[0] as Schema;
  const tables = schemas.map((schema) => schema.table).join(", ");
  throw new DynalakeError("USAGE", `the lake has several tables (${tables}): choose one with --name`);
}

/** The lake's own schema of a table, if it has one. Throws LAKE_NEWER, before anything can be written. */
export async function knownSchema(store: ObjectStore, table: string): Promise<Schema | undefined> {
  await requireReadable(store, table);
  return readSchema(store, table);
}

/** The newest manifest says which version wrote the table. */
async function requireReadable(store: ObjectStore, table: string): Promise<void> {
  await latestManifest(store, table);
}
