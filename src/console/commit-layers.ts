/** The commits of a table as layers over time: which segments came with which commit, and which one replaced them. Pure. */
import type { Manifest, Segment } from "../core/format/manifest.ts";
import type { CommitSummary, Layer } from "./api.ts";

/** What is kept of a manifest, whose schema and folded objects can be large. */
export interface CommitSegments {
  readonly number: number;
  readonly kind: Manifest["kind"];
  readonly atSeconds: number;
  readonly segments: readonly Pick<Segment, "id" | "kind" | "rows" | "bytes">[];
}

export function commitSegments({ sequence, kind, committedAtSeconds, segments }: Manifest): CommitSegments {
  return {
    number: sequence,
    kind,
    atSeconds: committedAtSeconds,
    segments: segments.map(({ id, kind: of, rows, bytes }) => ({ id, kind: of, rows, bytes })),
  };
}

/** `commits`: one after the other, oldest first. Segments that share both ends are one layer. */
export function layersOf(commits: readonly CommitSegments[]): readonly Layer[] {
  const open = new Map<
    string,
    { readonly since: CommitSegments; readonly segment: CommitSegments["segments"][number] }
  >();
  const layers = new Map<string, Layer>();
  const close = (id: string, untilSeconds: number | undefined): void => {
    const found = open.get(id);
    if (found === undefined) return;
    open.delete(id);
    const { since, segment } = found;
    const name = `${segment.kind}/${since.number}/${untilSeconds ?? ""}`;
    const layer = layers.get(name);
    layers.set(name, {
      kind: segment.kind,
      segments: (layer?.segments ?? 0) + 1,
      rows: (layer?.rows ?? 0) + segment.rows,
      bytes: (layer?.bytes ?? 0) + segment.bytes,
      commit: since.number,
      fromSeconds: since.atSeconds,
      untilSeconds,
    });
  };
  for (const commit of commits) {
    const live = new Set(commit.segments.map(({ id }) => id));
    for (const id of [...open.keys()]) if (!live.has(id)) close(id, commit.atSeconds);
    for (const segment of commit.segments)
      if (!open.has(segment.id)) open.set(segment.id, { since: commit, segment });
  }
  for (const id of [...open.keys()]) close(id, undefined);
  return [...layers.values()].toSorted((a, b) => a.fromSeconds - b.fromSeconds || a.commit - b.commit);
}

export function commitSummary({ number, kind, atSeconds, segments }: CommitSegments): CommitSummary {
  return {
    number,
    kind,
    atSeconds,
    segments: segments.length,
    rows: segments.reduce((sum, { rows }) => sum + rows, 0),
    bytes: segments.reduce((sum, { bytes }) => sum + bytes, 0),
  };
}
