/** Plots of the benchmarks: their scales, and what stands in their SVG. */
import { describe, expect, test } from "@jest/globals";
import { barChart } from "../../bench/plots/bar-chart.ts";
import { lineChart } from "../../bench/plots/line-chart.ts";
import { scaleOf, tickText } from "../../bench/plots/scale.ts";
import * as fc from "../support/fast-check.ts";

describe("a linear scale", () => {
  test.each([
    [
      [1, 4.3],
      [0, 1, 2, 3, 4, 5],
    ],
    [
      [0.12, 0.3],
      [0, 0.1, 0.2, 0.3],
    ],
    [[900], [0, 200, 400, 600, 800, 1000]],
    [[], [0, 1]],
  ])("of %j has the round ticks %j", (values, ticks) => {
    expect(scaleOf("linear", values).ticks).toEqual(ticks);
  });

  test("starts at 0 and ends at its last tick", () => {
    const scale = scaleOf("linear", [7]);
    expect(scale.ticks.map((tick) => Math.round(scale.place(tick) * 100))).toEqual([0, 25, 50, 75, 100]);
  });
});

describe("a logarithmic scale", () => {
  test("has the powers of ten around its values", () => {
    expect(scaleOf("log", [0.02, 3, 450]).ticks).toEqual([0.01, 0.1, 1, 10, 100, 1000]);
    expect(scaleOf("log", [1e5, 1e7]).ticks).toEqual([1e5, 1e6, 1e7]);
  });

  test("puts equal factors at equal distances", () => {
    const { place } = scaleOf("log", [1, 100]);
    expect([1, 10, 100].map(place)).toEqual([0, 0.5, 1]);
  });

  test("of one value, or of none, still has a length", () => {
    expect(scaleOf("log", [10]).ticks).toEqual([10, 100]);
    expect(scaleOf("log", [0]).ticks).toEqual([1, 10]);
  });
});

test("every value has its place on a scale of it, in the order of the values", () => {
  const kind = fc.constantFrom("linear" as const, "log" as const);
  const values = fc.array(fc.double({ min: 1e-6, max: 1e12, noNaN: true }), { minLength: 1 });
  fc.assert(
    fc.property(kind, values, (scaleKind, numbers) => {
      const { place, ticks } = scaleOf(scaleKind, numbers);
      const places = numbers.toSorted((a, b) => a - b).map(place);
      for (const each of places) {
        expect(each).toBeGreaterThanOrEqual(-1e-9);
        expect(each).toBeLessThanOrEqual(1 + 1e-9);
      }
      expect(places).toEqual(places.toSorted((a, b) => a - b));
      expect(ticks.length).toBeLessThan(25);
    }),
  );
});

test.each([
  [0, "0"],
  [0.05, "0.05"],
  [2000, "2000"],
  [10_000, "10k"],
  [2_500_000, "2.5M"],
  [1e9, "1G"],
])("%d is written as %s", (value, text) => {
  expect(tickText(value)).toBe(text);
});

test("a line goes through its points, from the left below to the right above", () => {
  const axis = { label: "<items>", kind: "linear" } as const;
  const svg = lineChart({
    title: "Time & size",
    x: axis,
    y: axis,
    series: [
      {
        name: "given",
        points: [
          { x: 0, y: 0 },
          { x: 1, y: 1 },
        ],
      },
    ],
  });
  expect(svg).toContain('<polyline points="70,320 550,40"');
  expect(svg.match(/<circle/g)).toHaveLength(2);
  expect(svg).toContain(">Time &amp; size</text>");
  expect(svg).toContain(">&lt;items></text>");
  expect(svg).toContain(">given</text>");
});

test("a bar is as high as its value, and without height if it has no place on the scale", () => {
  const svg = barChart({
    title: "Bytes",
    y: { label: "MB", kind: "log" },
    series: ["before", "after"],
    groups: [
      { name: "count(*)", values: [100, 0] },
      { name: "aggregate", values: [10, 1] },
    ],
  });
  const heights = [...svg.matchAll(/<rect x="[^"]+" y="[^"]+" width="[^"]+" height="([^"]+)"/g)].map(
    ([, height]) => height,
  );
  expect(heights.slice(0, 4)).toEqual(["280", "0", "140", "0"]);
});
