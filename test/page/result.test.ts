/** A result of the page: its kinds, its order, what its columns hold, and the files that are saved of it. */
import { describe, expect, test } from "@jest/globals";
import type { ShownValue } from "../../src/console/api.ts";
import { chartOf, firstChoice } from "../../src/page/chart-data.ts";
import {
  columnKind,
  numberOf,
  orderBy,
  type Result,
  shownType,
  statisticsOf,
} from "../../src/page/result.ts";
import { csvParts, jsonParts } from "../../src/page/result-file.ts";
import * as fc from "../support/fast-check.ts";

function resultOf(columns: Readonly<Record<string, readonly [string, readonly ShownValue[]]>>): Result {
  const data = Object.entries(columns).map(([name, [type, values]]) => ({
    name,
    type,
    kind: columnKind(type),
    values,
  }));
  return { columns: data, rows: data[0]?.values.length ?? 0 };
}

test.each([
  ["bigint", "number"],
  ["decimal(38,0)", "number"],
  ["hugeint", "number"],
  ["timestamp", "time"],
  ["timestamp with time zone", "time"],
  ["date", "time"],
  ["varchar", "text"],
  ["boolean", "text"],
  ["integer[]", "nested"],
  ['struct("a" integer)', "nested"],
  ["map(varchar, integer)", "nested"],
])("a column of type %s is of the kind %s", (type, kind) => {
  expect(columnKind(type)).toBe(kind);
});

test.each([
  ["2026-11-28", Date.UTC(2026, 10, 28) / 1000],
  ["2026-11-28 11:55:20", Date.UTC(2026, 10, 28, 11, 55, 20) / 1000],
  ["2026-11-28 11:55:20.5", Date.UTC(2026, 10, 28, 11, 55, 20, 500) / 1000],
  ["2026-11-28 11:55:20.123456", Date.UTC(2026, 10, 28, 11, 55, 20, 123) / 1000],
  ["2026-11-28 11:55:20+00", Date.UTC(2026, 10, 28, 11, 55, 20) / 1000],
])("%s is a time", (text, seconds) => {
  expect(numberOf(text, "time")).toBeCloseTo(seconds, 3);
});

describe("an order", () => {
  test("puts NULL last in both directions, and leaves equal rows as they came", () => {
    const result = resultOf({ n: ["bigint", [2, null, 1, 2]], t: ["varchar", ["b", null, "a", "b"]] });
    for (const column of [0, 1]) {
      expect([...orderBy(result, { column, isDown: false })]).toEqual([2, 0, 3, 1]);
      expect([...orderBy(result, { column, isDown: true })]).toEqual([0, 3, 2, 1]);
    }
  });

  test("has every row once, numbers by their value", () => {
    fc.assert(
      fc.property(fc.array(fc.option(fc.integer())), fc.boolean(), (values, isDown) => {
        const order = [...orderBy(resultOf({ n: ["bigint", values] }), { column: 0, isDown })];
        expect(order.toSorted((a, b) => a - b)).toEqual(values.map((_, i) => i));
        const sorted = order.map((row) => values[row]).filter((value) => value !== null) as number[];
        expect(sorted).toEqual(sorted.toSorted((a, b) => (isDown ? b - a : a - b)));
      }),
    );
  });
});

test("statistics count NULL, the most frequent texts, and the spread of numbers", () => {
  const { columns } = resultOf({
    t: ["varchar", ["a", "b", "a", null]],
    n: ["decimal(4,1)", ["1.5", "2.5", null, "5"]],
  });
  expect(columns.map(statisticsOf)).toMatchObject([
    {
      nulls: 1,
      words: {
        distinct: 2,
        top: [
          ["a", 2],
          ["b", 1],
        ],
      },
    },
    { nulls: 1, range: { min: 1.5, max: 5, mean: 3 } },
  ]);
});

describe("a chart in one click", () => {
  const chart = (result: Result) => {
    const choice = firstChoice(result);
    return choice && chartOf(result, choice);
  };

  test("of a time and a word is bars that stand on each other, at most 60", () => {
    const at = Array.from({ length: 100 }, (_, i) =>
      new Date(i * 3_600_000).toISOString().slice(0, 19).replace("T", " "),
    );
    const drawn = chart(
      resultOf({ at: ["timestamp", at], word: ["varchar", at.map((_, i) => (i % 4 ? "x" : "y"))] }),
    );
    expect(drawn).toMatchObject({ kind: "time", step: "6 hours", series: [{ label: "x" }, { label: "y" }] });
    if (drawn?.kind !== "time") return;
    expect(drawn.at.length).toBeLessThanOrEqual(60);
    expect(drawn.series.flatMap(({ values }) => values).reduce((a, b) => a + b, 0)).toBe(100);
  });

  test("of a word and a number is a bar a word, the largest first", () => {
    const drawn = chart(resultOf({ word: ["varchar", ["a", "b", "a"]], n: ["hugeint", ["1", "5", "2"]] }));
    expect(drawn).toEqual({
      kind: "words",
      left: 0,
      bars: [
        { label: "b", value: 5 },
        { label: "a", value: 3 },
      ],
    });
  });

  test("of two numbers is points", () => {
    expect(chart(resultOf({ x: ["double", [2, 1, null]], y: ["double", [20, 10, 5]] }))).toEqual({
      kind: "points",
      x: [1, 2],
      y: [10, 20],
      left: 0,
    });
  });

  test("of nothing that can be drawn is none", () => {
    expect(chart(resultOf({ n: ["integer[]", [[1]]] }))).toBeUndefined();
  });
});

describe("a file", () => {
  test("has every digit, and tells an empty text from NULL", () => {
    const result = resultOf({
      'a "name"': ["varchar", ["", null, 'say "hi", please\n']],
      n: ["bigint", ["12345678901234567890", 1, null]],
      d: ["decimal(4,2)", ["1.10", null, "2.00"]],
    });
    expect(csvParts(result).join("")).toBe(
      '"a ""name""",n,d\n"",12345678901234567890,1.10\n,1,\n"say ""hi"", please\n",,2.00\n',
    );
    expect(jsonParts(result).join("")).toBe(
      [
        "[",
        ' {"a \\"name\\"":"","n":12345678901234567890,"d":1.10},',
        ' {"a \\"name\\"":null,"n":1,"d":null},',
        ' {"a \\"name\\"":"say \\"hi\\", please\\n","n":null,"d":2.00}',
        "]",
        "",
      ].join("\n"),
    );
  });

  test("has the values that the command line prints", () => {
    const result = resultOf({
      at: ["timestamp", ["2026-11-23 05:00:00"]],
      list: [
        shownType('STRUCT("At" TIMESTAMP, "N" DECIMAL(38,0))[]'),
        [[{ At: "2026-11-23 05:00:00", N: "1" }]],
      ],
      map: ["map(varchar, bigint)", [[{ key: "a", value: "2" }]]],
    });
    const [list, map] = ['[{"At":"2026-11-23T05:00:00Z","N":1}]', '{"a":2}'];
    expect(jsonParts(result).join("")).toBe(
      `[\n {"at":"2026-11-23T05:00:00Z","list":${list},"map":${map}}\n]\n`,
    );
    const quotes = (text: string): string => `"${text.replaceAll('"', '""')}"`;
    expect(csvParts(result).join("")).toBe(
      `at,list,map\n2026-11-23 05:00:00,${quotes(list)},${quotes(map)}\n`,
    );
  });

  test("has its rows in the order that is shown", () => {
    const result = resultOf({ n: ["integer", [3, 1, 2]] });
    const order = orderBy(result, { column: 0, isDown: false });
    expect(csvParts(result, order).join("")).toBe("n\n1\n2\n3\n");
    expect(JSON.parse(jsonParts(result, order).join(""))).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }]);
  });
});
