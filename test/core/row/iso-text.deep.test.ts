import { expect, test } from "@jest/globals";
import { isoText } from "../../../src/core/row/iso-text.ts";

const FIRST_MS = Date.parse("0001-01-01T00:00:00.000Z");
const LAST_MS = Date.parse("9999-12-31T23:59:59.999Z");
const DAY_MS = 86_400_000;

test("the text of the first and the last moment of every day is that of a Date", () => {
  const wrong: string[] = [];
  for (let at = FIRST_MS; at < LAST_MS; at += DAY_MS)
    for (const millis of [at, at + DAY_MS - 1])
      if (isoText(millis) !== new Date(millis).toISOString()) wrong.push(new Date(millis).toISOString());
  expect(wrong).toEqual([]);
});
