/** What was written and no column holds: how much of it there is, and what it would take to hold it. */
import type { Segment } from "../format/manifest.ts";
import { digitsDecide, shapeOfFound } from "../infer/found-values.ts";
import { observeValue, type Shape, shapeOf } from "../infer/infer-shape.ts";
import type { QueryEngine } from "../ports/query-engine.ts";
import { isNested } from "../schema/column-type.ts";
import type { Schema } from "../schema/schema.ts";
import { misfitsOf, type SegmentsTable, segmentDrift, unmappedDigits } from "./drift.ts";
import type { Drift } from "./drift-finding.ts";

export interface SegmentMisfits {
  readonly drift: readonly Drift[];
  /** By their attributes, what is known of the values. */
  readonly misfits: ReadonlyMap<string, Shape>;
}

/** Looks into segments: for lists, maps and structs, also at what is within the values. */
export async function segmentMisfits(
  engine: QueryEngine,
  table: SegmentsTable,
  written: readonly Segment[],
): Promise<SegmentMisfits> {
  const { schema } = table;
  const drift = await segmentDrift(engine, table, written);
  const counted = await misfitsIn(engine, schema, drift, engine.segments(schema, written));
  const parts = await partsOf(engine, schema, drift, written);
  return { drift, misfits: new Map([...counted, ...parts]) };
}

/** What is known of the values that drift found in `relation`: their types and counts, and of numbers their digits. */
export async function misfitsIn(
  engine: QueryEngine,
  schema: Schema,
  drift: readonly Drift[],
  relation: string,
): Promise<ReadonlyMap<string, Shape>> {
  const types = new Map(schema.columns.map(({ attribute, type }) => [attribute, type]));
  const asked = drift.filter((found) => digitsDecide(found, types.get(found.attribute)));
  const digits = await unmappedDigits(
    engine,
    relation,
    asked.map(({ attribute }) => attribute),
  );
  return new Map(drift.map((found) => [found.attribute, shapeOfFound(found, digits.get(found.attribute))]));
}

/** What is within the values that columns of lists, maps and structs cannot hold whole: members that appeared, wider parts. */
async function partsOf(
  engine: QueryEngine,
  schema: Schema,
  drift: readonly Drift[],
  written: readonly Segment[],
): Promise<ReadonlyMap<string, Shape>> {
  const found = new Set(drift.map(({ attribute }) => attribute));
  const shapes = new Map<string, Shape>();
  for (const { attribute, type } of schema.columns) {
    if (!isNested(type) || !found.has(attribute)) continue;
    const shape = shapeOf();
    for (const value of await misfitsOf(engine, schema, written, attribute)) observeValue(shape, value);
    shapes.set(attribute, shape); // breakage: members-that-appear-are-followed
  }
  return shapes;
}
