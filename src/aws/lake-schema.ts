/** The schema with which a lake table is written. The first function to run writes the deployed schema to the lake. */
import { schemaPath } from "../core/format/lake-path.ts";
import type { ObjectStore } from "../core/ports/object-store.ts";
import { parseSchemaText, type Schema } from "../core/schema/schema.ts";
import { readSchema, schemaText } from "../core/table/lake-table.ts";

/** The schema of the newest commit; before the first commit, that of schema.json, which is created if missing. */
export async function lakeSchema(store: ObjectStore, deployed: Schema): Promise<Schema> {
  const known = await readSchema(store, deployed.table);
  return known ?? writtenSchema(store, deployed);
}

/**
 * The schema in schema.json, which is created if missing. It is replaced only after the commit that changes the schema, so
 * its readers never use a column before the lake and Firehose have it.
 */
export async function writtenSchema(store: ObjectStore, deployed: Schema): Promise<Schema> {
  const path = schemaPath(deployed.table);
  const content = await store.read(path);
  if (content !== undefined) return parseSchemaText(new TextDecoder().decode(content), path);
  const outcome = await store.create(path, schemaText(deployed));
  return outcome === "created" ? deployed : writtenSchema(store, deployed);
}
