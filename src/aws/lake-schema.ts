/** The schema with which a lake table is written. The first function to run writes the deployed schema to the lake. */
import { schemaPath } from "../core/format/lake-path.ts";
import type { ObjectStore } from "../core/ports/object-store.ts";
import type { Schema } from "../core/schema/schema.ts";
import { type OpenTable, openTableOf } from "../core/table/open-table.ts";
import { readWrittenSchema, schemaBytes } from "../core/table/schema-file.ts";

/** Opens the lake table. Before the first commit its schema is that of schema.json, which is made if need be. */
export async function openDeployedTable(store: ObjectStore, deployed: Schema): Promise<OpenTable> {
  const opened = await openTableOf(store, deployed);
  return opened.manifest.schema === null
    ? { ...opened, schema: await writtenSchema(store, deployed) }
    : opened;
}

/**
 * The schema in schema.json, which is created if missing. It is replaced only after the commit that changes the schema, so
 * its readers never use a column before the lake and Firehose have it.
 */
export async function writtenSchema(store: ObjectStore, deployed: Schema): Promise<Schema> {
  const written = await readWrittenSchema(store, deployed.table);
  if (written !== undefined) return written;
  const outcome = await store.create(schemaPath(deployed.table), schemaBytes(deployed));
  return outcome === "created" ? deployed : writtenSchema(store, deployed);
}
