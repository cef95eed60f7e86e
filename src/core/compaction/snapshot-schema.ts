/** Which schema a table has after a snapshot that was written by one schema, while a commit may have brought a newer one. */
import type { Manifest, Segment } from "../format/manifest.ts";
import { type Recovery, withDeclared } from "../format/recovery.ts";
import type { Schema, SchemaFile } from "../schema/schema.ts";
import { schemaChange } from "../schema/schema-change.ts";

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
  if (change.kind === "same") return { schema: current.file, recovery };
  if (change.kind === "compatible") {
    const declared = { before: current.file, added: change.added };
    return { schema: written.file, recovery: withDeclared(manifest, declared) };
  }
  if (replaces) return { schema: written.file };
  const missed = schemaChange(written, current);
  if (missed.kind !== "compatible") return undefined;
  const declared = { before: written.file, added: missed.added };
  return { schema: current.file, recovery: withDeclared({ ...manifest, segments: staged }, declared) };
}
