/** Numbers of typed columns, as every engine tells what DynamoDB has for them. */
import { describe, expect, test } from "@jest/globals";
import { literal } from "../../src/core/ports/dialect.ts";
import type { QueryEngine } from "../../src/core/ports/query-engine.ts";
import { parseColumnType } from "../../src/core/schema/column-type.ts";
import { type Column, parseSchema, type Schema } from "../../src/core/schema/schema.ts";
import { numberText } from "../../src/core/sql/number-text.ts";
import { snapshotValues } from "../../src/core/sql/snapshot-values.ts";
import { viewColumns } from "../../src/core/sql/typed-columns.ts";

type NumberEngine = Pick<QueryEngine, "dialect" | "rows">;

const NUMBERS: readonly (readonly [type: string, number: string])[] = [
  ["int", "-3"],
  ["bigint", "9223372036854775807"],
  ["decimal(9,2)", "10"],
  ["decimal(9,2)", "-0.5"],
  ["decimal(9,2)", "0"],
  ["decimal(9,2)", "100.25"],
  ["double", "0"],
  ["double", "5"],
  ["double", "-1200"],
  ["double", "0.5"],
  ["double", "-2.25"],
  ["double", "0.0000015"],
  ["double", "123456789012345680"],
  ["double", `1${"0".repeat(20)}`],
  ["double", `-125${"0".repeat(100)}`],
  ["double", `0.${"0".repeat(99)}125`],
];

const schemaOf = (type: string): Schema =>
  parseSchema(
    { table: "t", key: { hash: "id" }, attributes: { id: { type: "string" }, price: { type } } },
    "a test",
  );

export function registerNumberTextTests(
  name: string,
  withEngine: (use: (engine: NumberEngine) => Promise<void>) => Promise<void>,
): void {
  describe(`numbers of columns ${name}`, () => {
    test(
      "are the texts that DynamoDB has for them",
      () =>
        withEngine(async ({ dialect, rows }) => {
          const texts = NUMBERS.map(([typeName, number], i) => {
            const type = parseColumnType(typeName);
            const value = `CAST(${literal(number)} AS ${dialect.typeName(type)})`;
            const none = `CAST(NULL AS ${dialect.typeName(type)})`;
            return `SELECT ${i} AS n, ${numberText(dialect, type, value, 0)} AS number, ${numberText(dialect, type, none, 0)} AS none`;
          });
          const found = await rows(`SELECT * FROM (${texts.join(" UNION ALL ")}) AS texts_found ORDER BY n`);
          expect(found.map((row) => row.number)).toEqual(NUMBERS.map(([, number]) => number));
          expect(found.map((row) => row.none)).toEqual(NUMBERS.map(() => null));
        }),
      600_000,
    );

    test(
      "are in the columns of now, or beside them, whichever column a kept snapshot has them in",
      () =>
        withEngine(async ({ dialect, rows }) => {
          const [id, price] = schemaOf("double").columns as readonly [Column, Column];
          const [, whole] = schemaOf("int").columns as readonly [Column, Column];
          const columns = [id, { ...price, earlier: [{ ...whole, name: "price_0" }] }];
          const form = { written: { ...schemaOf("double"), columns }, lacking: new Set<string>() };
          const item = (old: string, now: string): string => {
            const given = new Map([
              ["price", now],
              ["price_0", old],
            ]);
            const values = viewColumns(dialect, schemaOf("double")).map(
              ({ name: column, typeName }) =>
                `CAST(${given.get(column) ?? "NULL"} AS ${typeName}) AS "${column}"`,
            );
            return `SELECT ${values.join(", ")}, CAST(${old} AS ${dialect.typeName(whole.type)}) AS "price_0"`;
          };
          const written = `(${item("7", "NULL")} UNION ALL ${item("NULL", "2.5")}) AS written`;
          const shown = async (type: string): Promise<readonly unknown[]> => {
            const values = snapshotValues(dialect, schemaOf(type), form);
            const text = dialect.typeName({ kind: "string" });
            return rows(
              `SELECT CAST("price" AS ${text}) AS price, _unmapped FROM (SELECT ${values} FROM ${written}) AS shown_rows ORDER BY 1, 2`,
            );
          };
          expect(await shown("bigint")).toEqual([
            { price: "7", _unmapped: null },
            { price: null, _unmapped: '{"price":{"N":"2.5"}}' },
          ]);
          expect(await shown("string")).toEqual([
            { price: null, _unmapped: '{"price":{"N":"2.5"}}' },
            { price: null, _unmapped: '{"price":{"N":"7"}}' },
          ]);
        }),
      600_000,
    );
  });
}
