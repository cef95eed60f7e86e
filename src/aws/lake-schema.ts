/** Which schema a lake table is written with: that of the lake, which the first function to run makes that of the deployment. */
import { schemaPath } from "../core/format/lake-path.ts";
import type { ObjectStore } from "../core/ports/object-store.ts";
import { parseSchemaText, type Schema } from "../core/schema/schema.ts";
import { readSchema, schemaText } from "../core/table/lake-table.ts";

/** The schema of the newest commit, or before the first one that of schema.json, which is made if need be. */
export async function lakeSchema(store: ObjectStore, deployed: Schema): Promise<Schema> {
  const known = await readSchema(store, deployed.table);
  return known ?? writtenSchema(store, deployed);
}

/**
 * The schema of schema.json, which is made if need be. It is written after the commit that changes a schema: whoever goes by it
 * never uses a column before the lake and Firehose have it.
 */
export async function writtenSchema(store: ObjectStore, deployed: Schema): Promise<Schema> {
  const path = schemaPath(deployed.table);
  const content = await store.read(path);
  if (content !== undefined) return parseSchemaText(new TextDecoder().decode(content), path);
  const outcome = await store.create(path, schemaText(deployed));
  return outcome === "created" ? deployed : writtenSchema(store, deployed);
}
