/** How benchmarks compare: in turn, pair by pair, in tables. */
import { expect, test } from "@jest/globals";
import { inTurn } from "../../bench/measuring/in-turn.ts";
import { textTable } from "../../bench/report/text-table.ts";
import { median, pairRatios, quantile, rangeOf } from "../../bench/statistics.ts";

test("jobs run in turn, and the first round is not counted", async () => {
  const order: string[] = [];
  const job = (name: string) => async () => `${name}${order.push(name)}`;
  const results = await inTurn({ a: job("a"), b: job("b") }, 2);
  expect(order.join("")).toBe("ababab");
  expect(results).toEqual({ a: ["a3", "a5"], b: ["b4", "b6"] });
});

test("the median does not depend on the order, and leaves it alone", () => {
  const values = [3, 1, 2] as const;
  expect([median(values), median([9]), median([])]).toEqual([2, 9, Number.NaN]);
  expect(values).toEqual([3, 1, 2]);
});

test("ratios are those of pairs", () => {
  expect(pairRatios([2, 9], [1, 3])).toEqual([2, 3]);
  expect(rangeOf(pairRatios([2, 9], [1, 3]))).toEqual({ low: 2, high: 3 });
});

test("quantiles reach from the first value to the last", () => {
  const sorted = [1, 2, 3, 4];
  expect([0, 0.5, 0.99, 1].map((share) => quantile(sorted, share))).toEqual([1, 3, 4, 4]);
  expect(quantile([], 0.5)).toBeNaN();
});

test("a table has names to the left, figures to the right and thousands separators", () => {
  const table = textTable(
    ["", "CPU s"],
    [
      ["given", 1234.5],
      ["by hand", "-"],
    ],
  );
  expect(table).toBe("            CPU s\ngiven    1,234.50\nby hand         -");
});
