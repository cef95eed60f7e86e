/**
 * What a manifest knows of columns that were declared after rows had been written: where their values may still lie in
 * `_unmapped` alone. src/core/sql/recovered-value.ts makes the values of them.
 */
import * as z from "zod/mini";
import type { SchemaFile } from "../schema/schema.ts";
import { type Named, namedSegments } from "./named-segments.ts";

export interface Recovery {
  /** The schema before the first of them was declared. */
  readonly before: SchemaFile;
  /** The names of all of them, for ever: a change log is not rewritten, and a reader of the stream may go by an older schema. */
  readonly columns: readonly string[];
  /** The ids of segments, live ones and those of kept snapshots, that were written before the newest of them was declared. */
  readonly segments: readonly string[];
}

export const recoveryShape: z.ZodMiniType<Recovery> = z.object({
  // Checked by `parseSchema` when it is used.
  before: z.custom<SchemaFile>((value) => typeof value === "object" && value !== null),
  columns: z.array(z.string()),
  segments: z.array(z.string()),
});

interface Recoverable extends Named<{ readonly id: string }> {
  readonly recovery?: Recovery | undefined;
}

/** The columns that rows of any age may lack. */
export function recoverableColumns(manifest: Pick<Recoverable, "recovery">): ReadonlySet<string> {
  return new Set(manifest.recovery?.columns);
}

/** After columns were declared: no segment of the manifest has them. */
export function withDeclared(
  manifest: Recoverable,
  declared: { readonly before: SchemaFile; readonly added: readonly string[] },
): Recovery | undefined {
  if (declared.added.length === 0) return manifest.recovery;
  return {
    before: manifest.recovery?.before ?? declared.before,
    columns: [...new Set([...(manifest.recovery?.columns ?? []), ...declared.added])],
    segments: [...namedIds(manifest)], // breakage: new-columns-have-past
  };
}

/** Without the segments that the manifest names no more: they were rewritten with all columns, or replaced. */
export function withoutReplaced<T extends Recoverable>(manifest: T): T {
  if (manifest.recovery === undefined) return manifest;
  const named = namedIds(manifest);
  // breakage: rewritten-segments-lack-nothing
  const segments = manifest.recovery.segments.filter((id) => named.has(id));
  return { ...manifest, recovery: { ...manifest.recovery, segments } };
}

function namedIds(manifest: Recoverable): ReadonlySet<string> {
  return new Set(namedSegments(manifest).map(({ id }) => id));
}
