/**
 * What was seen of all items while they were written by a schema that a sample had suggested: enough to tell whether all of them
 * suggest the same. Parts are seen apart and added.
 */
import type { AttributeValue } from "../values/attribute-value.ts";
import { merge, observeValue, type Shape, type ShapeKind, shapeOf, withCounts } from "./infer-shape.ts";
import { type Inference, inferenceOf, mergeInference } from "./inference.ts";

export interface Sightings {
  items: number;
  /** Of each attribute with a column how many values of each type it has. */
  readonly counts: Map<string, Shape["counts"]>;
  /** The values that no column gives back, those of attributes without a column among them. */
  readonly misfits: Map<string, Shape>;
}

export function sightingsOf(): Sightings {
  return { items: 0, counts: new Map(), misfits: new Map() };
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
  let shape = misfits.get(attribute);
  if (shape === undefined) {
    shape = shapeOf();
    misfits.set(attribute, shape);
  }
  observeValue(shape, value);
}

/** Adds what was seen of other items. */
export function addSightings(into: Sightings, from: Sightings): void {
  into.items += from.items;
  for (const [attribute, counts] of from.counts)
    for (const [kind, count] of Object.entries(counts)) seeValues(into, attribute, kind as ShapeKind, count);
  for (const [attribute, shape] of from.misfits) {
    const own = into.misfits.get(attribute) ?? shapeOf();
    merge(own, shape);
    into.misfits.set(attribute, own);
  }
}

/**
 * The sample's inference, grown to what was seen of all items. It is what would have been observed of them all in everything that
 * decides whether the sample's schema holds every value; where it does not, all items have to be observed.
 */
export function grownTo(sample: Inference, { items, counts, misfits }: Sightings): Inference {
  const misfitting: Inference = { ...inferenceOf({ hash: "" }), keys: sample.keys, attributes: misfits };
  const grown: Inference = { ...inferenceOf({ hash: "" }), keys: sample.keys };
  mergeInference(grown, misfitting);
  grown.itemCount = items;
  grown.forgetful ||= sample.forgetful;
  for (const [attribute, own] of counts) {
    const shape = shapeOf();
    const known = sample.attributes.get(attribute);
    if (known !== undefined) merge(shape, known);
    const misfit = misfits.get(attribute);
    if (misfit !== undefined) merge(shape, misfit);
    grown.attributes.set(attribute, withCounts(shape, own));
  }
  return grown;
}
