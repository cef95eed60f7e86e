/** The test by which a table of a single-table design takes an item and those of its kind. */
import type { TextTest } from "../schema/schema.ts";
import type { Item } from "../values/attribute-value.ts";
import { textToTest } from "../values/text-to-test.ts";

/** Longer texts are no names of kinds. */
const CHARACTERS_MAX = 100;

/**
 * `ORDER#17` is one of those that begin with `ORDER#`; any other text is a kind itself. Different tests have no item in common.
 * Undefined for an item that has no such text or number.
 */
export function kindTest(item: Item, attribute: string): TextTest | undefined {
  const value = Object.hasOwn(item, attribute) ? item[attribute] : undefined;
  const text = value && textToTest(value);
  if (text === undefined) return undefined;
  const at = text.indexOf("#");
  // breakage: kinds-by-the-beginnings-of-keys
  const test = at > 0 ? { beginsWith: text.slice(0, at + 1) } : { equals: text };
  return (at > 0 ? at : text.length) > CHARACTERS_MAX ? undefined : test;
}
