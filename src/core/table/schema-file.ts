/**
 * `schema.json`: the schema of a table that has no commit yet, and for people to read and edit. Once there is a commit, the
 * schema in its manifest counts: no crash can separate that one from the data.
 */
import { lakeFileText, requireReadable } from "../format/lake-file.ts";
import { schemaPath } from "../format/lake-path.ts";
import type { ObjectStore } from "../ports/object-store.ts";
import { parseSchemaText, type Schema, type SchemaFile } from "../schema/schema.ts";

/** The schema of schema.json. Throws LAKE_NEWER, LAKE_DAMAGED, SCHEMA_INVALID or SCHEMA_COLLISION, naming the file. */
export async function readWrittenSchema(store: ObjectStore, table: string): Promise<Schema | undefined> {
  const path = schemaPath(table);
  const content = await store.read(path);
  if (content === undefined) return undefined;
  const text = lakeFileText({ name: "schema" }, content, path);
  requireReadable(jsonOf(text), path);
  return parseSchemaText(text, path);
}

/** Undefined for what is not JSON: the schema's own parser says what is wrong with a file that people edit. */
function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Writes the schema for people to read, and for a table without a commit. */
export async function writeSchema(store: ObjectStore, schema: Schema): Promise<void> {
  await store.replace(schemaPath(schema.table), schemaBytes(schema));
}

/** What schema.json holds. */
export function schemaBytes(schema: Schema): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify(fileForPeople(schema), null, 2)}\n`);
}

/** The schema file as people have it. How files hold the columns is in the manifest alone. */
export function fileForPeople({ file: { forms: _, ...file } }: Pick<Schema, "file">): SchemaFile {
  return file;
}
