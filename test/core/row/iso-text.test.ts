import { expect, test } from "@jest/globals";
import { isoText } from "../../../src/core/row/iso-text.ts";
import { effort } from "../../support/effort.ts";
import * as fc from "../../support/fast-check.ts";

const FIRST_MS = Date.parse("0001-01-01T00:00:00.000Z");
const LAST_MS = Date.parse("9999-12-31T23:59:59.999Z");

test("the text of a moment is that of a Date, from the year 1 to 9999", () => {
  fc.assert(
    fc.property(fc.integer({ min: FIRST_MS, max: LAST_MS }), (millis) => {
      expect(isoText(millis)).toBe(new Date(millis).toISOString());
    }),
    { numRuns: 20_000 },
  );
});

test("so is that of the first and the last moment of every month", () => {
  // Seven and twelve have no common factor: with less effort, too, there are all of the twelve.
  const step = effort < 1 ? 7 : 1;
  const wrong: string[] = [];
  for (let month = 0; month < 9999 * 12; month += step) {
    const first = new Date(FIRST_MS).setUTCMonth(month);
    const next = new Date(FIRST_MS).setUTCMonth(month + 1);
    for (const millis of [first, next - 1])
      if (isoText(millis) !== new Date(millis).toISOString()) wrong.push(new Date(millis).toISOString());
  }
  expect(wrong).toEqual([]);
});
