/**
 * What people have done to `schema.json` of a table that has commits: it is a setting, which the next snapshot or compaction applies.
 * A file that is as dynalake wrote it before the table's schema changed was left by a crash between the commit and the writing, or
 * brought back, and orders nothing. Its number tells it from an edit that goes back to what was.
 */
import { DynalakeError } from "../error.ts";
import { schemaPath } from "../format/lake-path.ts";
import type { Manifest } from "../format/manifest.ts";
import type { ObjectStore } from "../ports/object-store.ts";
import { changeTexts } from "../schema/change-text.ts";
import type { RebasedSchema } from "../schema/rebased-schema.ts";
import type { Schema } from "../schema/schema.ts";
import { roomReasons, schemaChange, schemaMark } from "../schema/schema-change.ts";
import { readWrittenSchema } from "./schema-file.ts";

/**
 * pending: it will be applied, and adds these columns. refused: the data rules it out. earlier: it is what dynalake wrote before the
 * schema changed. broken: it is not a schema. missing: it was removed.
 */
export type SchemaEdit =
  | GivenEdit
  | { readonly kind: "broken"; readonly why: string }
  | { readonly kind: "missing" };

export type GivenEdit =
  | PendingEdit
  | { readonly kind: "refused"; readonly written: Schema; readonly why: string }
  | { readonly kind: "earlier"; readonly evolution: number };

/** With the schema as it was written. */
export type PendingEdit = { readonly kind: "pending"; readonly written: Schema } & RebasedSchema;

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
  return editOf(written, { schema, manifest });
}

/** A given schema without a source is one for the table that the lake's is filled from. */
export function boundSchema(given: Schema, { source, file }: Schema): Schema {
  if (given.file.source !== undefined || file.source === undefined) return given; // breakage: sources-go-without-saying
  return { ...given, source, file: { ...given.file, source } };
}

/**
 * What a schema orders that people have written knowing the table's. `marks` are those by which the table may have known it before,
 * beside its own.
 */
export function editOf(
  written: Schema,
  { schema, manifest }: { readonly schema: Schema; readonly manifest: Manifest },
  marks: readonly string[] = [],
): GivenEdit | undefined {
  const change = schemaChange(schema, written, "order"); // breakage: edits-order-kinds
  if (change.kind === "same") return undefined;
  const evolution = manifest.schema?.evolution ?? 0;
  const former = new Set(manifest.formerSchemas);
  const isFormer = [schemaMark(written.file), ...marks].some((mark) => former.has(mark));
  // breakage: earlier-schema-is-no-edit
  if (isFormer && (written.file.evolution ?? 0) < evolution) return { kind: "earlier", evolution };
  const reasons = change.kind === "refused" ? change.reasons : knownReasons(manifest, change);
  if (change.kind === "compatible" && reasons.length === 0) return { ...change, kind: "pending", written };
  return { kind: "refused", written, why: reasons.slice(0, REASONS_MAX).join("; ") };
}

/** What was counted before rules some changes out; the others are counted when they are applied. */
function knownReasons({ wholeDigits = {} }: Manifest, { widened }: RebasedSchema): readonly string[] {
  const known = widened.filter(({ attribute }) => Object.hasOwn(wholeDigits, attribute));
  return roomReasons(known, new Map(Object.entries(wholeDigits)));
}

const EDITOR_FAULTS: ReadonlySet<string> = new Set([
  "SCHEMA_INVALID",
  "SCHEMA_COLLISION",
  "LAKE_DAMAGED",
  "LAKE_NEWER",
]);
const REASONS_MAX = 5;

/** Whether people have changed the file: it is theirs until it counts. */
export function isPeoples(edit: SchemaEdit | undefined): boolean {
  return edit !== undefined && edit.kind !== "earlier";
}

/** What people see of an edit that was applied, a sentence. */
export function appliedSentence(table: string, edit: PendingEdit): string {
  return `${editedText(table, edit)}: the table has it now`;
}

function editedText(table: string, edit: PendingEdit): string {
  return [`${schemaPath(table)} was edited`, ...changeTexts(edit)].join(" and ");
}

/** What people see of an edit that was not applied, a sentence. */
export function schemaEditSentence(table: string, edit: SchemaEdit): string {
  const path = schemaPath(table);
  switch (edit.kind) {
    case "pending":
      return `${editedText(table, edit)}: the next snapshot or compaction applies it`;
    case "refused":
      return `${path} was edited, but the table cannot change like that: ${edit.why}`;
    case "earlier":
      return `${path} holds an earlier schema of the table, and is not used; to go back to it, set "evolution": ${edit.evolution} in it`;
    case "broken":
      return `${path} is not used: ${edit.why}`;
    case "missing":
      return `${path} is missing: the table keeps its schema`;
  }
}
