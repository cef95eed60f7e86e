/** What the items of a source are observed for: one schema, or one for each kind of items. */
import { type Inference, inferenceOf, observe } from "../../core/infer/inference.ts";
import { type Kinds, kindsOf, seeKind } from "../../core/infer/split.ts";
import type { Item } from "../../core/values/attribute-value.ts";
import type { KeySchema } from "../../core/values/key.ts";

/** Parts are observed apart and merged. */
export interface Observation<T> {
  readonly found: T;
  readonly see: (item: Item) => void;
}

export function observeTable(key: KeySchema): Observation<Inference> {
  const found = inferenceOf(key);
  return { found, see: (item) => observe(found, item) };
}

export function observeKinds(key: KeySchema, attribute: string): Observation<Kinds> {
  const found = kindsOf(key, attribute);
  return { found, see: (item) => seeKind(found, item) };
}
