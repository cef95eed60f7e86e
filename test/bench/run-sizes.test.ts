/** The sizes of the benchmarks' parts in one run. */
import { expect, test } from "@jest/globals";
import { QUICK_RUN, wholeRun } from "../../bench/run-sizes.ts";

test("the scale multiplies items, records and seconds", () => {
  const argsOf = (scale: number, part: string): readonly string[] | undefined =>
    wholeRun(scale).find(({ name }) => name === part)?.args;
  expect(argsOf(1, "compaction")).toEqual(expect.arrayContaining(["100000", "1000000", "10000000"]));
  expect(argsOf(0.1, "compaction")).toEqual(expect.arrayContaining(["10000", "100000", "1000000"]));
  expect(argsOf(0.5, "lag")).toEqual(["1000,5000", "150"]);
});

test("nothing gets too small to be measured", () => {
  for (const { args } of wholeRun(0))
    for (const number of args.flatMap((text) => text.split(",")).map(Number))
      if (!Number.isNaN(number)) expect(number).toBeGreaterThan(0);
});

test("a quick run has each part that yields ratios", () => {
  const names = wholeRun(1).map(({ name }) => name);
  expect(QUICK_RUN.map(({ name }) => name)).toEqual(names.filter((name) => name !== "lag"));
});
