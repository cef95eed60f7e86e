/** What `npm run bench -- --quick` says about ratios that moved. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import {
  failuresOf,
  type KeptRatios,
  keptRatiosText,
  movementsOf,
  movementTable,
  unmatchedRatios,
} from "../../bench/report/kept-ratios.ts";

const file = join(import.meta.dirname, "..", "..", "bench", "kept-ratios.json");

test("ratios whose ranges meet did not move", () => {
  const [movement] = movementsOf({ a: [1, 1.2, 1.1] }, { a: [1.15, 1.3, 1.4] });
  expect(movement).toEqual({ name: "a", kept: 1.1, now: 1.3, beyondNoise: 1 });
});

test("one value is as noisy as five hundredths of it", () => {
  expect(movementsOf({ a: [2] }, { a: [2.09] })[0]?.beyondNoise).toBe(1);
  expect(movementsOf({ a: [2] }, { a: [1.91] })[0]?.beyondNoise).toBe(1);
});

test("what costs more moved by the factor between the nearest ends of the ranges, less the noise", () => {
  const [movement] = movementsOf({ a: [1, 2] }, { a: [4.2, 5] });
  expect(movement?.beyondNoise).toBeCloseTo(4.2 / 2 / 1.05);
});

test("what costs less moved the other way", () => {
  const [movement] = movementsOf({ a: [4, 5] }, { a: [1, 2] });
  expect(movement?.beyondNoise).toBeCloseTo((2 / 4) * 1.05);
});

test("a few outliers among many pairs neither hide a movement nor make one", () => {
  expect(movementsOf({ a: [1, 1, 1, 1, 9] }, { a: [2, 2, 2, 2, 0.1] })[0]?.beyondNoise).toBeCloseTo(2 / 1.05);
  expect(movementsOf({ a: [1, 1, 1, 1, 1] }, { a: [9, 1, 1, 1, 1] })[0]?.beyondNoise).toBe(1);
});

test("only what got worse by more than the factor fails", () => {
  const movements = movementsOf(
    { same: [1], worse: [1], slightly: [1], better: [1] },
    {
      same: [1],
      worse: [1.5],
      slightly: [1.2],
      better: [0.1],
    },
  );
  expect(failuresOf(movements, 1.25).map(({ name }) => name)).toEqual(["worse"]);
  expect(failuresOf(movements, 1.1).map(({ name }) => name)).toEqual(["worse", "slightly"]);
});

test("the table says which way a ratio moved, and by how much", () => {
  const movements = movementsOf(
    { same: [1], worse: [1], better: [1] },
    { same: [1], worse: [2.1], better: [0.5] },
  );
  expect(movementTable(movements).split("\n").slice(1)).toEqual([
    "same    1.00  1.00        1.00                 -",
    "worse   1.00  2.10        2.10         100% more",
    "better  1.00  0.50        0.50          48% less",
  ]);
});

test("ratios that only one side has are named, and do not move", () => {
  expect(movementsOf({ gone: [1] }, { added: [1] })).toEqual([]);
  expect(unmatchedRatios({ gone: [1], both: [1] }, { added: [1], both: [1] })).toEqual([
    "not kept yet: added",
    "kept, but not measured: gone",
  ]);
});

test("the kept file is written as it stands in the repository", () => {
  const text = readFileSync(file, "utf8");
  const kept = JSON.parse(text) as KeptRatios;
  expect(keptRatiosText(kept)).toBe(text);
  expect(Object.keys(kept.ratios).length).toBeGreaterThan(20);
});
