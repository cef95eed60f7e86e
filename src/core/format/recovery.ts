/**
 * What a manifest knows of columns that were declared or widened after rows had been written: where their values may still lie in
 * `_unmapped` alone, or in the columns of before. src/core/sql/column-value.ts makes the values of them.
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
  /**
   * Of widened columns, by their names, the ids of those of these segments whose `_unmapped` has values for them. All other ones need
   * no look into it. Of a column that is not here nothing is known.
   */
  readonly unmapped?: Readonly<Record<string, readonly string[]>> | undefined;
}

/** The columns that come with a change of the schema. */
export interface DeclaredColumns {
  readonly before: SchemaFile;
  /** The names of columns that no segment has. */
  readonly added: readonly string[];
  /** For some of them, what was counted of segments: what has no values for them in `_unmapped`. */
  readonly clean?: ReadonlyMap<string, ReadonlySet<string>>;
}

export const recoveryShape: z.ZodMiniType<Recovery> = z.object({
  // Checked by `parseSchema` when it is used.
  before: z.custom<SchemaFile>((value) => typeof value === "object" && value !== null),
  columns: z.array(z.string()),
  segments: z.array(z.string()),
  unmapped: z.optional(z.record(z.string(), z.array(z.string()))),
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
  { before, added, clean = new Map() }: DeclaredColumns,
): Recovery | undefined {
  const { recovery } = manifest;
  if (added.length === 0) return recovery;
  const ids = [...namedIds(manifest)]; // breakage: new-columns-have-past
  const known = Object.entries(recovery?.unmapped ?? {}).filter(([name]) => !added.includes(name));
  // A segment that was not there when they were counted may have any values.
  // breakage: uncounted-segments-are-looked-into
  const counted = [...clean].map(([name, own]) => [name, ids.filter((id) => !own.has(id))] as const);
  const unmapped = Object.fromEntries([...known, ...counted]);
  return {
    before: recovery?.before ?? before,
    columns: [...new Set([...(recovery?.columns ?? []), ...added])],
    segments: ids,
    ...(Object.keys(unmapped).length === 0 ? {} : { unmapped }),
  };
}

/** The columns for which `_unmapped` of a segment has to be looked into. */
export function recoverableFrom(
  { recovery }: Pick<Recoverable, "recovery">,
  id: string,
): ReadonlySet<string> {
  const unmapped = new Map(Object.entries(recovery?.unmapped ?? {}));
  // breakage: counted-segments-are-told-apart
  return new Set(recovery?.columns.filter((name) => unmapped.get(name)?.includes(id) ?? true));
}

/** Without the segments that the manifest names no more: they were rewritten with all columns, or replaced. */
export function withoutReplaced<T extends Recoverable>(manifest: T): T {
  if (manifest.recovery === undefined) return manifest;
  const named = namedIds(manifest);
  // breakage: rewritten-segments-lack-nothing
  const segments = manifest.recovery.segments.filter((id) => named.has(id));
  const { unmapped: before, ...recovery } = manifest.recovery;
  const unmapped =
    before &&
    Object.fromEntries(
      Object.entries(before).map(([name, ids]) => [name, ids.filter((id) => named.has(id))]),
    );
  return { ...manifest, recovery: { ...recovery, segments, ...(unmapped && { unmapped }) } };
}

function namedIds(manifest: Recoverable): ReadonlySet<string> {
  return new Set(namedSegments(manifest).map(({ id }) => id));
}
