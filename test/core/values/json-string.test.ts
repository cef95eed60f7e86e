import { expect, test } from "@jest/globals";
import { jsonString } from "../../../src/core/values/json-string.ts";
import * as fc from "../../support/fast-check.ts";

test("a JSON string is what JSON.stringify writes, for every text", () => {
  const unit = fc.oneof(
    { weight: 4, arbitrary: fc.nat(0xff) },
    fc.integer({ min: 0xd700, max: 0xe0ff }),
    fc.nat(0xffff),
  );
  fc.assert(
    fc.property(fc.array(unit, { maxLength: 12 }), (units) => {
      const text = String.fromCharCode(...units);
      expect(jsonString(text)).toBe(JSON.stringify(text));
    }),
    { numRuns: 2000 },
  );
});

test("a JSON string is what JSON.stringify writes, for every single unit", () => {
  const units = Array.from({ length: 0x10000 }, (_, unit) => String.fromCharCode(unit));
  expect(units.filter((unit) => jsonString(unit) !== JSON.stringify(unit))).toEqual([]);
});
