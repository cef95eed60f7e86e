import { expect, test } from "@jest/globals";
import { type AttributeValue, itemText } from "../../../src/core/values/attribute-value.ts";
import { keyItem } from "../../../src/core/values/key.ts";
import { keyTexts } from "../../../src/core/verify/verify-item.ts";
import { attributeName, base64, numberText, text } from "../../arbitraries/item.ts";
import * as fc from "../../support/fast-check.ts";

test("the text of a key is that of the key as an item, whatever its attributes are called", () => {
  const value: fc.Arbitrary<AttributeValue> = fc.oneof(
    text.map((S) => ({ S })),
    numberText.map((N) => ({ N })),
    base64.map((B) => ({ B })),
  );
  const names = fc.uniqueArray(attributeName, { minLength: 1, maxLength: 2 });
  fc.assert(
    fc.property(names, value, value, ([hash = "", range], first, second) => {
      const schema = range === undefined ? { hash } : { hash, range };
      const key = range === undefined ? [first] : [first, second];
      expect(keyTexts(schema)(key)).toBe(itemText(keyItem(schema, key)));
    }),
    { numRuns: 500 },
  );
});
