/** The schema with which a lake table is written. The first function to run writes the deployed schema to the lake. */
import { schemaPath } from "../core/format/lake-path.ts";
import type { ObjectStore } from "../core/ports/object-store.ts";
import type { Schema } from "../core/schema/schema.ts";
import type { Commits } from "../core/table/commits.ts";
import { type OpenTable, openTableOf } from "../core/table/open-table.ts";
import { readWrittenSchema, schemaBytes } from "../core/table/schema-file.ts";

/**
 * Opens the lake table. Before the first commit its schema is that of schema.json, which is made if need be. What `known` has is not
 * read again.
 */
export async function openDeployedTable(
  store: ObjectStore,
  deployed: Schema,
  known?: Commits,
): Promise<OpenTable> {
  const opened = await openTableOf(store, deployed, known);
  return opened.manifest.schema === null
    ? { ...opened, schema: await writtenSchema(store, deployed) }
    : opened;
}

/** The schema in schema.json, which is created if missing. */
async function writtenSchema(store: ObjectStore, deployed: Schema): Promise<Schema> {
  const written = await readWrittenSchema(store, deployed.table);
  if (written !== undefined) return written;
  const outcome = await store.create(schemaPath(deployed.table), schemaBytes(deployed));
  return outcome === "created" ? deployed : writtenSchema(store, deployed);
}
