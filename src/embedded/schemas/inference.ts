/** Schemas from what was observed of items. */
import { type InferredSchema, type InferredTable, inferredSchema } from "../../core/infer/infer.ts";
import { type Inference, inferenceOf, observe } from "../../core/infer/inference.ts";
import { type Kinds, type SplitSchemas, splitSchemas } from "../../core/infer/split.ts";
import { nameBeside } from "../../core/overlay/own-names.ts";
import { parseSchema, tableName } from "../../core/schema/schema.ts";
import { TABLES_VIEW } from "../../core/status/tables-view.ts";
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

/** A schema for each kind, for tables called by the name and what the kind is called, as `shop_order`. */
export function schemasOfKinds(kinds: Kinds, { table, source, key }: InferredTable): SplitSchemas {
  const names = [table, TABLES_VIEW];
  const split = splitSchemas(kinds, { source, key }, (kind = "rest") => {
    const name = nameBeside(tableName(`${table}_${kind.replace(/#$/, "")}`), names);
    names.push(name);
    return name;
  });
  for (const { file } of split.tables) parseSchema(file, "the inferred schema");
  return split;
}

export function observedItems(items: Iterable<Item>, key: KeySchema): Inference {
  const inference = inferenceOf(key);
  for (const item of items) observe(inference, item);
  return inference;
}
