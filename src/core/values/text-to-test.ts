import type { AttributeValue } from "./attribute-value.ts";

/** What the tests of a `where` compare: text, or a number in plain notation; undefined for any other value. */
export function textToTest(value: AttributeValue): string | undefined {
  if ("S" in value) return value.S;
  if ("N" in value) return value.N;
  return undefined;
}
