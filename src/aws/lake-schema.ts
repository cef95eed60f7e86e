/** Which schema a lake table is written with: that of the lake, which the first function to run makes that of the deployment. */
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
 * The schema of schema.json, which is made if need be. It is written after the commit that changes a schema: whoever goes by it
 * never uses a column before the lake and Firehose have it.
 */
export async function writtenSchema(store: ObjectStore, deployed: Schema): Promise<Schema> {
  const written = await readWrittenSchema(store, deployed.table);
  if (written !== undefined) return written;
  const outcome = await store.create(schemaPath(deployed.table), schemaBytes(deployed));
  return outcome === "created" ? deployed : writtenSchema(store, deployed);
}
