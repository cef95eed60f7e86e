/** A schema from what was observed of items. */
import { type InferredSchema, type InferredTable, inferredSchema } from "../../core/infer/infer.ts";
import { type Inference, inferenceOf, observe } from "../../core/infer/inference.ts";
import { parseSchema } from "../../core/schema/schema.ts";
import type { Item } from "../../core/values/attribute-value.ts";
import type { KeySchema } from "../../core/values/key.ts";

export interface ObservedSchema extends InferredSchema {
  /** How many items were observed. */
  readonly items: number;
}

export function schemaOfObserved(inference: Inference, table: InferredTable): ObservedSchema {
  const inferred = inferredSchema(inference, table);
  parseSchema(inferred.file, "the inferred schema");
  return { ...inferred, items: inference.itemCount };
}

export function observedItems(items: Iterable<Item>, key: KeySchema): Inference {
  const inference = inferenceOf(key);
  for (const item of items) observe(inference, item);
  return inference;
}
