/**
 * The names of segments, by which the catalog of an engine knows them. Base and deltas never share a prefix, and all names of a
 * run's base lie together, so that a statement can name many segments by one range.
 */
import type { Segment } from "./manifest.ts";

/** Where a delta's files lie, in the place of a part. No part has this label. */
export const ALL_KEYS = "all";

/** The value of `_segment`: letters, digits, _ and - only. */
export function segmentName({ kind, run, part }: Pick<Segment, "kind" | "run" | "part">): string {
  return kind === "base" ? `b-${run}-${part}` : `d-${run}`;
}

/** The name of the segment whose files lie there. */
export function nameOfPlace(place: Pick<Segment, "run" | "part">): string {
  return segmentName({ ...place, kind: place.part === ALL_KEYS ? "delta" : "base" });
}

/** Numbers the base segments of a run in the order of their names. */
export function numberedSegments(staged: readonly Segment[]): readonly Segment[] {
  const sorted = staged
    .filter(({ kind }) => kind === "base")
    .sort((one, other) => (one.id < other.id ? -1 : 1));
  const orders = new Map(sorted.map(({ id }, order) => [id, order]));
  return staged.map((segment) => {
    const order = orders.get(segment.id);
    return order === undefined ? segment : { ...segment, order };
  });
}

export interface NameRange {
  readonly first: string;
  readonly last: string;
}

/**
 * Ranges of names that hold these segments and no others: within one run, and without a gap in its numbers, behind which a
 * segment could lie that a later commit has replaced.
 */
export function nameRanges(segments: readonly Numbered[]): readonly NameRange[] {
  const sorted = [...segments].sort((one, other) => (one.id < other.id ? -1 : 1));
  const ranges: NameRange[] = [];
  for (const [i, segment] of sorted.entries()) {
    const before = sorted[i - 1];
    const last = ranges.at(-1);
    if (last !== undefined && before !== undefined && areNeighbours(before, segment))
      ranges[ranges.length - 1] = { first: last.first, last: segment.id };
    else ranges.push({ first: segment.id, last: segment.id });
  }
  return ranges;
}

type Numbered = Pick<Segment, "id" | "run" | "order">;

function areNeighbours(before: Numbered, segment: Numbered): boolean {
  if (before.run !== segment.run || before.order === undefined) return false;
  return segment.order === before.order + 1; // breakage: ranges-end-at-gaps
}
