/** Items as `verify` compares them: what the lake keeps of each, and one hash that is the same for equal ones. */

import type { Schema } from "../schema/schema.ts";
import { type AttributeValue, type Item, valueText } from "../values/attribute-value.ts";
import { sha256Half } from "../values/hash.ts";
import { jsonString } from "../values/json-string.ts";
import { type KeySchema, keyAttributes } from "../values/key.ts";

/** Attributes that do not come back from the lake: masked and dropped ones, in order. */
export function hiddenAttributes(schema: Schema): readonly string[] {
  const masked = schema.columns.filter((column) => column.masked).map((column) => column.attribute);
  return [...masked, ...schema.dropped].sort();
}

/** The item without the hidden attributes; itself where it has none. */
export function withoutHidden(hidden: ReadonlySet<string>, item: Item): Item {
  if (hidden.size === 0) return item;
  const entries = Object.entries(item);
  const seen = entries.filter(([attribute]) => !hidden.has(attribute));
  return seen.length === entries.length ? item : Object.fromEntries(seen);
}

/** DynamoDB JSON of a key: the same as `itemText` of it as an item. */
export type KeyTexts = (key: readonly AttributeValue[]) => string;

export function keyTexts(schema: KeySchema): KeyTexts {
  const members = keyAttributes(schema)
    .map((name, i) => ({ i, name, member: `${jsonString(name)}:` }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  return (key) =>
    `{${members.map(({ i, member }) => member + valueText(key[i] as AttributeValue)).join(",")}}`;
}

/** 128 bits of SHA-256, as 32 hexadecimal digits, of an item's text and of the key by which it is found. */
export function itemHash(keyHash: string, itemText: string): string {
  return sha256Half(keyHash + itemText);
}

/** The names of the attributes that are not the same in both items, in order. */
export function differingAttributes(one: Item, other: Item): readonly string[] {
  const names = new Set([...Object.keys(one), ...Object.keys(other)]);
  return [...names].filter((name) => textOf(one, name) !== textOf(other, name)).sort();
}

function textOf(item: Item, attribute: string): string | undefined {
  return Object.hasOwn(item, attribute) ? valueText(item[attribute] as AttributeValue) : undefined;
}
