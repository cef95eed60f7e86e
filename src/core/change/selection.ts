/** Which lake table a source item belongs to (single-table design), and what a change means for a table. */

import type { Condition, Schema, TextTest } from "../schema/schema.ts";
import type { Item } from "../values/attribute-value.ts";
import { keyAttributes, keyItem } from "../values/key.ts";
import { textToTest } from "../values/text-to-test.ts";
import type { Change } from "./change.ts";

/** Whether the item meets every condition of the schema's `where`. */
export function belongs(schema: Schema, item: Item): boolean {
  return schema.where.every((condition) => meets(condition, item));
}

function meets(condition: Condition, item: Item): boolean {
  const value = Object.hasOwn(item, condition.attribute) ? item[condition.attribute] : undefined;
  if ("exists" in condition.test) return (value !== undefined) === condition.test.exists;
  const text = value === undefined ? undefined : textToTest(value);
  const { test } = condition;
  // breakage: remainders-have-what-others-leave
  if ("not" in test) return !test.not.some((each) => meetsText(each, text));
  return meetsText(test, text);
}

function meetsText(test: TextTest, text: string | undefined): boolean {
  if (text === undefined) return false;
  return "equals" in test ? text === test.equals : text.startsWith(test.beginsWith);
}

/**
 * The change as the table sees it: itself, a REMOVE where the item may have left the table, or undefined where its key or its images
 * show that it is no change of the table. An item leaves when an attribute outside of its key changes; where nothing tells what there
 * was before, that is assumed.
 */
export function changeFor(schema: Schema, change: Change): Change | undefined {
  if (schema.where.length === 0) return change;
  const keys = keyAttributes(schema.key);
  const byKey = schema.where.filter((condition) => keys.includes(condition.attribute));
  if (!byKey.every((condition) => meets(condition, change.item))) return undefined;
  if (change.operation !== "REMOVE" && belongs(schema, change.item)) return change;
  const { before } = change;
  // breakage: changes-of-other-items-leave-nothing
  if (before === "none" || (typeof before === "object" && !belongs(schema, before))) return undefined;
  if (change.operation === "REMOVE") return change;
  return { ...change, operation: "REMOVE", item: keyItem(schema.key, change.key) };
}

/**
 * The item whose values the change's row holds: after a REMOVE the last ones, if the old image shows that the item was in the
 * table, or its key alone.
 */
export function itemOfRow(schema: Schema, { before, item, operation }: Change): Item {
  const isKnown = operation === "REMOVE" && typeof before === "object";
  return isKnown && belongs(schema, before) ? before : item; // breakage: last-values-of-own-items
}
