/** Lines of items that something has spoiled: a part of the JSON is something else, or the text was changed anywhere. */
import fc from "fast-check";
import type { Json } from "../../src/core/values/json-members.ts";
import { attributeValue, item } from "./item.ts";

/** What may stand in the place of any part of a line: for `mutated`. */
export const otherPart: fc.Arbitrary<Json> = fc.oneof(
  attributeValue as fc.Arbitrary<Json>,
  item.map((M) => ({ M }) as Json),
  fc.constantFrom<Json>(
    ...[null, true, 1, "1", "x", [], {}],
    ...[{ S: "a", N: "1" }, { NULL: false }, { SS: [] }, { L: {} }, { X: "" }],
  ),
  fc.constantFrom<Json>(
    ...[{ S: 1 }, { N: 1.5 }, { N: "" }, { N: "-" }, { N: "1." }, { N: "01" }, { N: "1e2" }],
    ...[{ B: "A" }, { B: "AB==" }],
  ),
  fc.constantFrom<Json>(
    ...[{ SS: ["b", "a"] }, { SS: ["a", "a"] }, { NS: ["10", "9", "-1"] }, { NS: ["1", "1.0"] }],
  ),
);

const piece = fc.constantFrom(
  ...[" ", "\t", "\r", "\n", "\u0000", '"', "\\", "\\\\", "/", "{", "}", "[", "]", ",", ":"],
  ...["-", "0", "1", ".", "E5", "=", "true", "null"],
  ...["\\u0041", "\\ud83d\\udcda", "\\ud83d", "\\udcda", "\\n", "\\/", "\\u000a", "\\u001f", "\\u00", "\\x"],
  ...["é", "\uffff", "😀", "\ufeff"],
  ...[
    '"S":"x",',
    '"a":{"S":"x"},',
    '"pk":{"S":"x"},',
    ',"N":"1"',
    ',{"S":"x"}',
    '{"NULL":true}',
    "__proto__",
  ],
);

const edit = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  drop: fc.nat(3),
  put: fc.oneof(fc.constant(""), piece),
});

/** One or two changes to a text, each at any place. It stays valid Unicode. */
export const edits: fc.Arbitrary<(text: string) => string> = fc
  .array(edit, { minLength: 1, maxLength: 2 })
  .map((all) => (text: string) => {
    let edited = text;
    for (const { at, drop, put } of all) {
      const place = Math.floor(at * edited.length);
      edited = edited.slice(0, place) + put + edited.slice(place + drop);
    }
    return edited.toWellFormed();
  });
