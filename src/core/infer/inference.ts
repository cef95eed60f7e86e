/**
 * What has been observed of items, to infer a schema from. Parts of a table can be observed apart and merged, in any order and
 * grouping. Its size depends on the names in the items, not on their number, and is bounded.
 */
import type { AttributeValue, Item } from "../values/attribute-value.ts";
import { type KeySchema, keyAttributes } from "../values/key.ts";
import { bytesOf, coarsen, merge, observeValue, type Shape, shapeOf } from "./infer-shape.ts";
import { type KindsSeen, mergeKindsSeen, seeKinds, watchKinds } from "./mixed-kinds.ts";

export interface Inference {
  itemCount: number;
  /** The attributes that are never forgotten: those of the key, and those with a column where there are columns. */
  readonly keys: readonly string[];
  readonly attributes: Map<string, Shape>;
  /** Whether attributes were forgotten. */
  forgetful: boolean;
  /** What shows whether the items are of several kinds, where that is looked at. */
  kinds?: KindsSeen | undefined;
}

/** How many attributes besides those of the key are looked at. */
export const ATTRIBUTES_MAX = 2000;
/** About the most bytes that an inference has as JSON; what it has in memory is a few times as much. */
const BYTES_MAX = 8 * 1024 * 1024;
/** An attribute that needs more is known by the types of its values alone. */
const ATTRIBUTE_BYTES_MAX = 1024 * 1024;
const ITEMS_PER_SIZE_CHECK = 256;

export function inferenceOf(key: KeySchema): Inference {
  const keys = keyAttributes(key);
  return { ...emptyInference(keys), kinds: new Map(keys.map((attribute) => [attribute, new Map()])) };
}

/** One that never forgets these attributes. */
export function emptyInference(keys: readonly string[]): Inference {
  return { itemCount: 0, keys, attributes: new Map(), forgetful: false };
}

/** Adds an item, read by `readItem`. */
export function observe(inference: Inference, item: Item): void {
  inference.itemCount++;
  for (const attribute in item) observeValue(known(inference, attribute), item[attribute] as AttributeValue);
  if (inference.kinds !== undefined) seeKinds(inference.kinds, item);
  if (inference.attributes.size > 2 * ATTRIBUTES_MAX) forget(inference);
  if (inference.itemCount % ITEMS_PER_SIZE_CHECK === 0) limitSize(inference);
}

/** Adds what was observed of other items, and leaves `from` unchanged. */
export function mergeInference(into: Inference, from: Inference): void {
  into.itemCount += from.itemCount;
  into.forgetful ||= from.forgetful;
  for (const [attribute, shape] of from.attributes) merge(known(into, attribute), shape);
  if (from.kinds !== undefined) {
    into.kinds ??= new Map();
    mergeKindsSeen(into.kinds, from.kinds);
  }
  if (into.attributes.size > 2 * ATTRIBUTES_MAX) forget(into);
  limitSize(into); // breakage: merged-summaries-are-bounded
}

/** Without the attributes whose names look most like data, where there are too many. */
export function withoutDataNames(inference: Inference): Inference {
  const kept = { ...inference, attributes: new Map(inference.attributes) };
  forget(kept);
  return kept;
}

function known({ attributes, kinds }: Inference, attribute: string): Shape {
  let shape = attributes.get(attribute);
  if (shape === undefined) {
    shape = shapeOf();
    attributes.set(attribute, shape);
    if (kinds !== undefined) watchKinds(kinds, attribute);
  }
  return shape;
}

/**
 * The choice is made by names alone, so that it does not depend on the order of the items: what is among the first of all names is
 * among the first of those of each part, and is never forgotten.
 */
function forget(inference: Inference): void {
  const keys = new Set(inference.keys);
  const others = [...inference.attributes.keys()].filter((name) => !keys.has(name));
  if (others.length <= ATTRIBUTES_MAX) return;
  others.sort((a, b) => nameRank(a) - nameRank(b) || a.length - b.length || (a < b ? -1 : 1));
  for (const attribute of others.slice(ATTRIBUTES_MAX)) inference.attributes.delete(attribute);
  inference.forgetful = true;
}

function nameRank(name: string): number {
  return /^[A-Za-z_]+$/.test(name) ? 0 : /^[^\d]+\d?$/.test(name) ? 1 : 2;
}

/** Coarsens what needs too much room, the largest first. */
function limitSize({ attributes }: Inference): void {
  const sizes = [...attributes].map(([attribute, shape]) => ({
    attribute,
    shape,
    bytes: attribute.length + bytesOf(shape),
  }));
  let bytes = sizes.reduce((sum, each) => sum + each.bytes, 0);
  sizes.sort((a, b) => b.bytes - a.bytes || (a.attribute < b.attribute ? -1 : 1));
  for (const each of sizes) {
    if (bytes <= BYTES_MAX && each.bytes <= ATTRIBUTE_BYTES_MAX) return;
    coarsen(each.shape);
    bytes -= each.bytes - each.attribute.length - bytesOf(each.shape);
  }
}
