/** Query results in each format, of cells and types as the engine gives them. */
import { beforeAll, describe, expect, test } from "@jest/globals";
import { type ResultPlace, resultWriter } from "../../../src/cli/reports/result-format.ts";
import type { Cell, ResultColumn } from "../../../src/core/ports/query-result.ts";
import { cellJson } from "../../../src/core/result/cell-json.ts";
import { resultType } from "../../../src/core/result/result-type.ts";
import { openDuckdb } from "../../../src/embedded/duckdb/duckdb-session.ts";
import { rowBatches } from "../../../src/embedded/duckdb/row-batches.ts";
import { cellConverter } from "../../../src/embedded/reading/cells.ts";
import { withFolder } from "../../support/folders.ts";

interface Result {
  readonly columns: readonly ResultColumn[];
  readonly rows: readonly (readonly Cell[])[];
}

async function resultOf(sql: string): Promise<Result> {
  return withFolder(async (temporaryFolder) => {
    const session = await openDuckdb({ threads: 1, memoryMegabytes: 512, temporaryFolder });
    try {
      const stream = await session.stream(sql);
      const rows: (readonly Cell[])[] = [];
      for await (const batch of rowBatches(stream, cellConverter("string"))) rows.push(...batch);
      const columns = stream.columns.map(({ name, type }) => ({ name, type: type.alias ?? String(type) }));
      return { columns, rows };
    } finally {
      await session.close();
    }
  });
}

const NOWHERE: ResultPlace = { sql: "", width: undefined };

function printed(format: "json" | "csv" | "table", { columns, rows }: Result, place = NOWHERE): string {
  const writer = resultWriter(format, place);
  return `${writer.begin(columns)}${writer.rows(rows)}${writer.end()}`;
}

describe("in JSON", () => {
  test.each([
    ["9007199254740993::BIGINT", "9007199254740993"],
    ["[9007199254740993::BIGINT, NULL]", "[9007199254740993,null]"],
    ["{'q\"x, (': 1.50::DECIMAL(10,2), 'n': NULL}", '{"q\\"x, (":1.50,"n":null}'],
    [
      "{'a': [{'b': 170141183460469231731687303715884105727::HUGEINT}]}",
      '{"a":[{"b":170141183460469231731687303715884105727}]}',
    ],
    ["[1::UBIGINT]::UBIGINT[1]", "[1]"],
    ["MAP {'a': 1::BIGINT, '__proto__': 2}", '{"a":1,"__proto__":2}'],
    ["MAP {1.50::DECIMAL(3,2): ['x']}", '{"1.50":["x"]}'],
    ["MAP {{'k': 1::BIGINT}: 2}", '[{"key":{"k":1},"value":2}]'],
    ["{'__proto__': {'__proto__': 1::BIGINT}}", '{"__proto__":{"__proto__":1}}'],
    ["union_value(num := 2::BIGINT)", '{"tag":"num","value":2}'],
    ["['NaN'::DOUBLE, '-Infinity'::DOUBLE, 1e300]", '["NaN","-Infinity",1e+300]'],
    ["TIMESTAMPTZ '2026-11-23 05:00:00.5+00'", '"2026-11-23T05:00:00.5Z"'],
    ["TIMESTAMP '2026-11-23 05:00:00.250'", '"2026-11-23T05:00:00.25Z"'],
    ["TIMESTAMP_S '2026-11-23 05:00:00'", '"2026-11-23T05:00:00Z"'],
    ["TIMESTAMP_NS '2026-11-23 05:00:00.123456789'", '"2026-11-23T05:00:00.123456789Z"'],
    ["TIMESTAMPTZ '2026-11-23 05:00:00+02'", '"2026-11-23T03:00:00Z"'],
    ["[TIMESTAMP '2026-11-23 05:00:00']", '["2026-11-23T05:00:00Z"]'],
    ["{'at': TIMESTAMP '2026-11-23 05:00:00'}", '{"at":"2026-11-23T05:00:00Z"}'],
    ["MAP {TIMESTAMP '2026-11-23 05:00:00': 1}", '{"2026-11-23T05:00:00Z":1}'],
    ["'infinity'::TIMESTAMP", '"infinity"'],
    ["TIMESTAMP '10000-01-01 00:00:00'", '"10000-01-01 00:00:00"'],
    ["'2026-11-23 05:00:00'", '"2026-11-23 05:00:00"'],
    ["'12'", '"12"'],
    ["['12']", '["12"]'],
    ["'\\xFF'::BLOB", '"\\\\xFF"'],
    ["DATE '2026-11-23'", '"2026-11-23"'],
  ])("%s is %s", async (sql, json) => {
    const result = await resultOf(`SELECT ${sql} AS x`);
    expect(printed("json", result)).toBe(`[\n{"x":${json}}\n]\n`);
    expect(() => JSON.parse(printed("json", result))).not.toThrow();
  });

  test("moments of Athena have their offset, too", () => {
    const shown = (text: string): string => cellJson(text, resultType("timestamp with time zone"));
    expect(shown("2026-11-23 05:00:00.000 UTC")).toBe('"2026-11-23T05:00:00.000Z"');
    expect(shown("2026-11-23 05:00:00.000 +02:00")).toBe('"2026-11-23T05:00:00.000+02:00"');
    expect(shown("2026-11-23 05:00:00.000 Europe/Berlin")).toBe('"2026-11-23 05:00:00.000 Europe/Berlin"');
  });

  test("no rows are an empty array", async () => {
    expect(printed("json", await resultOf("SELECT 1 AS x WHERE false"))).toBe("[]\n");
  });

  test("a type of an unknown form leaves its cells as they are", () => {
    for (const type of ["STRUCT(", 'STRUCT("a" BIGINT', "MAP(BIGINT)", "BIGINT]", "", "ENUM('a', 'b''(c')"])
      expect(cellJson("1", resultType(type))).toBe('"1"');
  });
});

test("CSV tells an empty text from NULL, and prints nested cells in JSON", async () => {
  const result = await resultOf(
    `SELECT '' AS a, NULL AS b, 'x' AS c, [1::BIGINT] AS d, 1.50::DECIMAL(3,2) AS e,
            TIMESTAMP '2026-11-23 05:00:00' AS f, [TIMESTAMP '2026-11-23 05:00:00'] AS g`,
  );
  expect(printed("csv", result)).toBe(
    'a,b,c,d,e,f,g\n"",,x,[1],1.50,2026-11-23 05:00:00,"[""2026-11-23T05:00:00Z""]"\n',
  );
});

describe("a table", () => {
  let wide: Result;
  beforeAll(async () => {
    const columns = Array.from({ length: 12 }, (_, i) => `repeat('${i % 10}', 20) AS column_${i}`).join(", ");
    wide = await resultOf(
      `SELECT _op, ${columns}, _unmapped FROM (SELECT 'INSERT' AS _op, NULL AS _unmapped), range(5)`,
    );
  });
  const widthOf = (text: string): number =>
    Math.max(
      ...text
        .split("\n")
        .slice(0, -2)
        .map((line) => [...line].length),
    );

  test.each([80, 120, 200])("fits a terminal of %d characters, and names what it leaves out", (width) => {
    const text = printed("table", wide, { sql: "SELECT * FROM t", width });
    expect(widthOf(text)).toBeLessThanOrEqual(width);
    expect(text).toContain("column_0");
    expect(text).not.toMatch(/│ _op/);
    expect(text.trimEnd().split("\n").at(-1)).toMatch(
      /^5 rows; not shown: .*_op, _unmapped; --format csv or json prints all$|^5 rows; not shown: _op, _unmapped; --/,
    );
  });

  test("has the metadata last, if there is room, and where it is asked for", async () => {
    const result = await resultOf("SELECT 'INSERT' AS _op, 'a' AS id");
    const head = (sql: string, width: number | undefined): string =>
      printed("table", result, { sql, width }).split("\n")[1] as string;
    expect(head("SELECT * FROM t", undefined)).toMatch(/id.*_op/);
    expect(head("SELECT * FROM t", 12)).not.toContain("_op");
    expect(head("SELECT _op, id FROM t", undefined)).toMatch(/_op.*id/);
  });

  test("of few rows is turned on its side where it is too wide", async () => {
    const columns = Array.from({ length: 12 }, (_, i) => `repeat('${i % 10}', 20) AS column_${i}`).join(", ");
    const text = printed("table", await resultOf(`SELECT ${columns}`), { sql: "", width: 80 });
    expect(widthOf(text)).toBeLessThanOrEqual(80);
    expect(text).toMatch(/│ column_11 +│ 11111111111111111111 │/);
    expect(text).toMatch(/\n1 row\n$/);
  });

  test("without rows still has its columns", async () => {
    const columns = Array.from({ length: 12 }, (_, i) => `${i} AS ${"long_".repeat(4)}${i}`).join(", ");
    const text = printed("table", await resultOf(`SELECT ${columns} WHERE false`), { sql: "", width: 80 });
    expect(text).toMatch(/long_[\s\S]*\n0 rows; not shown: /);
  });

  test("counts wide characters as terminals do", async () => {
    const text = printed("table", await resultOf("SELECT '田中さくら' AS a, 'b' AS b FROM range(5)"), {
      sql: "",
      width: 17,
    });
    expect(text).toContain("田中さ");
    expect(text).toContain("│ b │");
  });

  test("shows a plan whole", async () => {
    const text = printed(
      "table",
      await resultOf("EXPLAIN SELECT sum(range) FROM range(10) WHERE range > 3"),
      {
        sql: "",
        width: 80,
      },
    );
    expect(text.split("\n").length).toBeGreaterThan(10);
    expect(text).not.toContain("…");
    expect(text).toMatch(/UNGROUPED_AGGREGATE[\s\S]*FILTER|range/);
  });
});
