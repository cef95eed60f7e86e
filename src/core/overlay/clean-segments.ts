/** Which segments have no values in `_unmapped` for columns about to widen: their older columns tell all, and cost no more to read. */
import { batchesOf } from "../batches-of.ts";
import type { Manifest } from "../format/manifest.ts";
import { namedSegments } from "../format/named-segments.ts";
import { literal, quoted } from "../ports/dialect.ts";
import type { QueryEngine } from "../ports/query-engine.ts";
import type { Widening } from "../schema/rebased-schema.ts";
import type { Column, Schema } from "../schema/schema.ts";
import { mayBeUnmapped } from "../sql/drift.ts";

/** Each segment is a SELECT of its own in the statement. */
const SEGMENTS_AT_ONCE = 50;

/** Counts by the columns as they are now: the ids of such segments, by the names of the columns to come. */
export function cleanSegments({
  dialect,
  rows,
  segments,
}: Pick<QueryEngine, "dialect" | "rows" | "segments">) {
  return async (
    before: Schema,
    manifest: Pick<Manifest, "segments" | "snapshots">,
    widened: readonly Widening[],
  ): Promise<ReadonlyMap<string, ReadonlySet<string>>> => {
    const clean = new Map(widened.map(({ name }) => [name, new Set<string>()]));
    const columns = widened.map(
      ({ attribute }) => before.columns.find((each) => each.attribute === attribute) as Column,
    );
    const counts = columns.map(
      (column, i) =>
        `count(CASE WHEN ${mayBeUnmapped(dialect, column)} THEN 1 END) AS ${quoted(`found ${i}`)}`,
    );
    const byId = new Map(namedSegments(manifest).map((segment) => [segment.id, segment]));
    for (const batch of batchesOf([...byId.values()], SEGMENTS_AT_ONCE)) {
      const selects = batch.map(
        (segment) =>
          `SELECT ${literal(segment.id)} AS id, ${counts.join(", ")} FROM ${segments(before, [segment])}`,
      );
      for (const row of await rows(selects.join(" UNION ALL ")))
        for (const [i, { name }] of widened.entries())
          if (Number(row[`found ${i}`]) === 0) clean.get(name)?.add(String(row.id));
    }
    return clean;
  };
}
