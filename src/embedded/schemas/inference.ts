/** Infers a schema from a sample of items. */
import {
  type InferredSchema,
  type InferredTable,
  inferenceOf,
  inferredSchema,
  observe,
} from "../../core/infer/infer.ts";
import { parseSchema } from "../../core/schema/schema.ts";
import type { Item } from "../../core/values/attribute-value.ts";

export interface SampleInference extends InferredSchema {
  /** Items in the sample. */
  readonly items: number;
}

export function inferFromItems(items: Iterable<Item>, table: InferredTable): SampleInference {
  const inference = inferenceOf();
  let seen = 0;
  for (const item of items) {
    observe(inference, item);
    seen++;
  }
  const inferred = inferredSchema(inference, table);
  parseSchema(inferred.file, "the inferred schema");
  return { ...inferred, items: seen };
}
