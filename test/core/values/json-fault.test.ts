import { expect, test } from "@jest/globals";
import { jsonFault } from "../../../src/core/values/json-fault.ts";
import * as fc from "../../support/fast-check.ts";

const isJson = (text: string): boolean => {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
};

test("what JSON.parse takes has no fault, and what it does not take has one", () => {
  const spoilt = fc
    .tuple(
      fc.json(),
      fc.nat(),
      fc.nat(3),
      fc.constantFrom("", ",", '"', "}", "]", "0", "\\", "\n", "\u0001", "é"),
    )
    .map(([text, at, length, put]) => {
      const from = at % (text.length + 1);
      return `${text.slice(0, from)}${put}${text.slice(from + length)}`;
    });
  fc.assert(
    fc.property(fc.oneof(fc.json(), spoilt, fc.string()), (text) => {
      const fault = jsonFault(text);
      // A repeated member is reported even if the text after it is invalid.
      if (fault === undefined || !fault.why.includes("twice")) expect(fault === undefined).toBe(isJson(text));
    }),
    { numRuns: 3000 },
  );
});

test.each([
  ['{"a": 1,\n "b": [1, 2,]}', 2, 13],
  ['{"a": 1 "b": 2}', 1, 9],
  ["[01]", 1, 2],
  ["[1.]", 1, 2],
  ["{'a': 1}", 1, 2],
  ['{"a": tru}', 1, 7],
  ['{"a": "x\ty"}', 1, 7],
  ["{} {}", 1, 4],
  ["", 1, 1],
  ['{"a": {"b": 1}, "c": {"b": 1, "b": 2}}', 1, 31],
  ['{"a": 1, "\\u0061": 2}', 1, 10],
])("%j goes wrong at line %d, column %d", (text, line, column) => {
  expect(jsonFault(text)).toMatchObject({ line, column });
});

test("nesting too deep to follow is left to the parser", () => {
  const depth = 200_000;
  expect(jsonFault("[".repeat(depth) + "]".repeat(depth))).toBeUndefined();
});
