/** Which schema a table has after a snapshot that was written by one schema, while a commit may have brought a newer one. */
import type { Manifest, Segment } from "../format/manifest.ts";
import { type Recovery, withDeclared } from "../format/recovery.ts";
import type { EarlierColumn, Schema, SchemaFile } from "../schema/schema.ts";
import { newColumns, schemaChange } from "../schema/schema-change.ts";
import { formText } from "../schema/value-form.ts";

export interface SnapshotSchema {
  /** What the snapshot was written by. */
  readonly written: Schema;
  /** What the table has now. */
  readonly current: Schema;
  /** The snapshot is to bring its schema whatever the table has, and no change of the log is written by that. */
  readonly replaces: boolean;
}

export interface SchemaAfter {
  readonly schema: SchemaFile;
  readonly recovery?: Recovery | undefined;
}

/** Undefined where the snapshot does not fit the table's schema. */
export function schemaAfterSnapshot(
  manifest: Manifest,
  { written, current, replaces }: SnapshotSchema,
  staged: readonly Segment[],
): SchemaAfter | undefined {
  const { recovery } = manifest;
  const change = schemaChange(current, written);
  if (change.kind === "same" && readsAll(current, written)) return { schema: current.file, recovery };
  if (change.kind === "compatible" && readsAll(change.schema, written)) {
    const declared = { before: current.file, added: newColumns(change) };
    return { schema: change.schema.file, recovery: withDeclared(manifest, declared) };
  }
  if (replaces) return { schema: written.file };
  const missed = schemaChange(written, current);
  if (missed.kind !== "compatible" || !readsAll(missed.schema, written)) return undefined;
  const declared = { before: written.file, added: newColumns(missed) };
  return {
    schema: missed.schema.file,
    recovery: withDeclared({ ...manifest, segments: staged }, declared),
  };
}

/** Whether the columns that the snapshot's files have are those of the schema, or earlier ones of these. */
function readsAll({ columns }: Schema, written: Schema): boolean {
  const known = new Set(
    columns.flatMap(({ attribute, name, type, format, earlier }) =>
      [{ name, type, format }, ...earlier].map((each) => placeOf(attribute, each)),
    ),
  );
  // breakage: staged-columns-are-read
  return written.columns.every((column) => known.has(placeOf(column.attribute, column)));
}

function placeOf(attribute: string, column: EarlierColumn): string {
  return JSON.stringify([attribute, column.name, formText(column)]);
}
