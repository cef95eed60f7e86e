/**
 * How many rows a compaction can have written, given the rows of the segments that it read. An engine that reads nothing
 * although there are files, or reads a row twice, is caught by its counts before the commit.
 */
import type { Manifest, Segment } from "../format/manifest.ts";
import { ALL_KEYS } from "../overlay/table-parts.ts";

/** What of a plan tells which segments were read. */
export type CompactionRows =
  | { readonly kind: "minor"; readonly takesDeltas: boolean }
  | { readonly kind: "major"; readonly parts: readonly string[] };

/** What is wrong with the staged rows, for people; undefined where they are possible. */
export function rowsFault(
  manifest: Pick<Manifest, "segments">,
  change: CompactionRows,
  staged: readonly Segment[],
): string | undefined {
  return change.kind === "major"
    ? faultOfMajor(manifest, change.parts, staged)
    : faultOfMinor(manifest, change.takesDeltas, staged);
}

/** A key of the base stays unless a delta has it, and each key of base and deltas gives one row at most. */
function faultOfMajor(
  manifest: Pick<Manifest, "segments">,
  parts: readonly string[],
  staged: readonly Segment[],
): string | undefined {
  const groups = parts.includes(ALL_KEYS) ? [parts] : parts.map((part) => [part]);
  for (const group of groups) {
    const read = manifest.segments.filter(({ part }) => group.includes(part));
    const base = rowsOf(read.filter(({ kind }) => kind === "base"));
    const deltas = rowsOf(read.filter(({ kind }) => kind === "delta"));
    const written = rowsOf(staged.filter(({ part }) => group.includes(part)));
    // breakage: rows-balance
    if (written < base - deltas || written > base + deltas)
      return `${base} rows and ${deltas} of deltas cannot become ${written}`;
  }
  return undefined;
}

/** A delta that is taken in has its keys in the new one, with a row each. */
function faultOfMinor(
  manifest: Pick<Manifest, "segments">,
  takesDeltas: boolean,
  staged: readonly Segment[],
): string | undefined {
  if (!takesDeltas) return undefined;
  for (const delta of manifest.segments.filter(({ kind }) => kind === "delta")) {
    const written = rowsOf(staged.filter(({ part }) => part === delta.part));
    if (written < delta.rows) return `a delta of ${delta.rows} rows cannot become ${written}`;
  }
  return undefined;
}

function rowsOf(segments: readonly Segment[]): number {
  return segments.reduce((rows, segment) => rows + segment.rows, 0);
}
