/**
 * What people have done to `schema.json` of a table that has commits: it is a setting, which the next snapshot or compaction applies.
 * A file that holds an earlier schema of the table was left by a crash between a commit and its writing, and orders nothing.
 */
import { DynalakeError } from "../error.ts";
import { schemaPath } from "../format/lake-path.ts";
import type { Manifest } from "../format/manifest.ts";
import type { ObjectStore } from "../ports/object-store.ts";
import type { Schema } from "../schema/schema.ts";
import { schemaChange, schemaMark } from "../schema/schema-change.ts";
import { readWrittenSchema } from "./schema-file.ts";

/**
 * pending: it will be applied, and adds these columns. refused: the data rules it out. broken: it is not a schema. missing: it was
 * removed.
 */
export type SchemaEdit =
  | { readonly kind: "pending"; readonly schema: Schema; readonly added: readonly string[] }
  | { readonly kind: "refused"; readonly schema: Schema; readonly why: string }
  | { readonly kind: "broken"; readonly why: string }
  | { readonly kind: "missing" };

/** Undefined where the file says what the newest commit says, or nothing was committed yet. */
export async function schemaEdit(
  store: ObjectStore,
  { schema, manifest }: { readonly schema: Schema; readonly manifest: Manifest },
): Promise<SchemaEdit | undefined> {
  if (manifest.schema === null) return undefined;
  const written = await readWrittenSchema(store, schema.table).catch((error: unknown) => {
    if (error instanceof DynalakeError && EDITOR_FAULTS.has(error.code)) return error;
    throw error;
  });
  if (written === undefined) return { kind: "missing" };
  if (written instanceof DynalakeError) return { kind: "broken", why: written.message };
  // breakage: earlier-schema-is-no-edit
  if (manifest.formerSchemas?.includes(schemaMark(written.file)) === true) return undefined;
  const change = schemaChange(schema, written);
  if (change.kind === "same") return undefined;
  if (change.kind === "compatible") return { kind: "pending", schema: written, added: change.added };
  return { kind: "refused", schema: written, why: change.reasons.slice(0, REASONS_MAX).join("; ") };
}

const EDITOR_FAULTS: ReadonlySet<string> = new Set([
  "SCHEMA_INVALID",
  "SCHEMA_COLLISION",
  "LAKE_DAMAGED",
  "LAKE_NEWER",
]);
const REASONS_MAX = 5;

/** What people see of an edit that was not applied, a sentence. */
export function schemaEditSentence(table: string, edit: SchemaEdit): string {
  const path = schemaPath(table);
  switch (edit.kind) {
    case "pending": {
      const added = edit.added.map((name) => `"${name}"`).join(", ");
      const what = edit.added.length === 0 ? "" : ` and adds ${added}`;
      return `${path} was edited${what}: the next snapshot or compaction applies it`;
    }
    case "refused":
      return `${path} was edited, but the table cannot change like that: ${edit.why}`;
    case "broken":
      return `${path} is not used: ${edit.why}`;
    case "missing":
      return `${path} is missing: the table keeps its schema`;
  }
}
