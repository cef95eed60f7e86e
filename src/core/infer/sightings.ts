/**
 * What was seen of all items while they were written by a schema that a sample had suggested: enough to tell whether all of them
 * suggest the same. Parts are seen apart and added.
 */
import type { Schema } from "../schema/schema.ts";
import type { AttributeValue } from "../values/attribute-value.ts";
import { merge, type Shape, type ShapeKind, shapeOf, withCounts } from "./infer-shape.ts";
import { emptyInference, type Inference, mergeInference, observe } from "./inference.ts";
import { grownDigits } from "./number-digits.ts";

export interface Sightings {
  items: number;
  /** Of each attribute with a column how many values of each type it has. */
  readonly counts: Map<string, Shape["counts"]>;
  /** The values that no column gives back, those of attributes without a column among them; bounded as every inference is. */
  readonly misfits: Inference;
}

export function sightingsOf({ columns }: Pick<Schema, "columns">): Sightings {
  // breakage: misfits-of-columns-are-kept
  const misfits = emptyInference(columns.map(({ attribute }) => attribute));
  return { items: 0, counts: new Map(), misfits };
}

/** Sees values of one type of an attribute with a column. */
export function seeValues(sightings: Sightings, attribute: string, kind: ShapeKind, count: number): void {
  let counts = sightings.counts.get(attribute);
  if (counts === undefined) {
    counts = {};
    sightings.counts.set(attribute, counts);
  }
  counts[kind] = (counts[kind] ?? 0) + count;
}

/** Sees a value that no column gives back. */
export function seeMisfit({ misfits }: Sightings, attribute: string, value: AttributeValue): void {
  observe(misfits, { [attribute]: value });
}

/** Adds what was seen of other items. */
export function addSightings(into: Sightings, from: Sightings): void {
  into.items += from.items;
  for (const [attribute, counts] of from.counts)
    for (const [kind, count] of Object.entries(counts)) seeValues(into, attribute, kind as ShapeKind, count);
  mergeInference(into.misfits, from.misfits);
}

/**
 * The sample's inference, grown to what was seen of all items. It is what would have been observed of them all in everything that
 * decides whether the sample's schema holds every value; where it does not, all items have to be observed.
 */
export function grownTo(sample: Inference, { items, counts, misfits }: Sightings): Inference {
  const grown = emptyInference(sample.keys);
  mergeInference(grown, misfits);
  grown.itemCount = items;
  grown.forgetful ||= sample.forgetful;
  grown.kinds = sample.kinds;
  for (const [attribute, own] of counts) {
    const shape = shapeOf();
    const known = sample.attributes.get(attribute);
    if (known !== undefined) merge(shape, known);
    const misfit = misfits.attributes.get(attribute);
    if (misfit !== undefined) merge(shape, misfit);
    const all = withCounts(shape, own);
    const [some, odd] = [known?.numbers?.digits, misfit?.numbers?.digits];
    if (all.numbers !== undefined && some !== undefined && odd !== undefined)
      all.numbers.digits = grownDigits(some, odd, own.N ?? 0);
    grown.attributes.set(attribute, all);
  }
  return grown;
}
