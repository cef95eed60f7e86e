/**
 * How many rows a compaction can have written, given what it read and counted. An engine that reads nothing although there are
 * files, or reads a row twice, is caught by its counts before the commit.
 */
import { deltaSegments, type Manifest, type Segment } from "../format/manifest.ts";
import type { PlannedMajor, PlannedMinor } from "./plan.ts";

/** What of a plan tells how many rows there can be. */
export type CompactionRows = Pick<PlannedMinor, "kind" | "takesDeltas"> | PlannedMajor;

/** What is wrong with the staged rows, for people; undefined where they are possible. */
export function rowsFault(
  manifest: Pick<Manifest, "segments">,
  change: CompactionRows,
  staged: readonly Segment[],
): string | undefined {
  return change.kind === "major"
    ? faultOfMajor(manifest, change, staged)
    : faultOfMinor(manifest, change.takesDeltas, staged);
}

/** Each key of the deltas changes a part by one row at most, and the delta of the others has a row for each. */
function faultOfMajor(
  manifest: Pick<Manifest, "segments">,
  { parts, keysLeft }: PlannedMajor,
  staged: readonly Segment[],
): string | undefined {
  for (const { part, keys } of parts) {
    const ofPart = (segments: readonly Segment[]): number =>
      rowsOf(segments.filter((segment) => segment.kind === "base" && segment.part === part));
    const base = ofPart(manifest.segments);
    const written = ofPart(staged);
    // breakage: rows-balance
    if (written < base - keys || written > base + keys)
      return `${base} rows and ${keys} keys of deltas cannot become ${written} rows`;
  }
  const left = rowsOf(deltaSegments({ segments: staged }));
  // breakage: left-keys-balance
  if (left >= keysLeft.min && left <= keysLeft.max) return undefined;
  return `a delta of ${wanted(keysLeft)} keys cannot have ${left} rows`;
}

function wanted({ min, max }: PlannedMajor["keysLeft"]): string {
  return min === max ? String(min) : `${min} to ${max}`;
}

/** A delta that is taken in has its keys in the new one, with a row each. */
function faultOfMinor(
  manifest: Pick<Manifest, "segments">,
  takesDeltas: boolean,
  staged: readonly Segment[],
): string | undefined {
  if (!takesDeltas) return undefined;
  const written = rowsOf(staged);
  const delta = deltaSegments(manifest).find(({ rows }) => rows > written);
  return delta && `a delta of ${delta.rows} rows cannot become ${written}`;
}

function rowsOf(segments: readonly Segment[]): number {
  return segments.reduce((rows, segment) => rows + segment.rows, 0);
}
