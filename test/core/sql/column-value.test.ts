/** What a name in SQL stands for in files of each form. */
import { expect, test } from "@jest/globals";
import { parseSchema } from "../../../src/core/schema/schema.ts";
import { athena } from "../../../src/core/sql/athena.ts";
import { columnValue, typedForm, valueList, wireForm } from "../../../src/core/sql/column-value.ts";
import { duckdb } from "../../../src/core/sql/duckdb.ts";
import { recoveredValue } from "../../../src/core/sql/recovered-value.ts";
import { segmentColumns } from "../../../src/core/sql/typed-columns.ts";

const SCHEMA = parseSchema(
  {
    table: "reviews",
    key: { hash: "User" },
    attributes: { User: { type: "string" }, Price: { type: "decimal(9,2)" } },
  },
  "a test",
);

test.each([duckdb, athena])("a column in every form of a file, in $name", (dialect) => {
  const columns = new Map(segmentColumns(dialect, SCHEMA).map((column) => [column.name, column]));
  const value = (name: string, form: ReturnType<typeof wireForm>): string =>
    columnValue(dialect, columns.get(name) as never, form);
  const later = new Set(["price"]);
  const recovered = recoveredValue(dialect, SCHEMA.columns[1] as never, "_unmapped");
  const decimal = dialect.typed({ kind: "decimal", precision: 9, scale: 2 }, '"price"');

  expect(value("price", typedForm())).toBe('"price"');
  expect(value("price", wireForm())).toBe(decimal);
  expect(value("price", typedForm(later))).toBe(`coalesce("price", ${recovered})`);
  expect(value("price", wireForm(later))).toBe(`coalesce(${decimal}, ${recovered})`);
  expect(value("user", wireForm(later))).toBe('"user"');

  expect(["_op", "_key", "_changed_at"].map((name) => value(name, typedForm(later)))).toEqual([
    "_op",
    "_key",
    "_changed_at",
  ]);
  expect(["_op", "_key", "_changed_at"].map((name) => value(name, wireForm()))).toEqual([
    "_op",
    dialect.keyTyped("_key"),
    dialect.timeTyped("_changed_at"),
  ]);

  const constants = new Map([
    ["_op", "'SNAPSHOT'"],
    ["price", "1.50"],
  ]);
  expect(value("_op", { ...wireForm(), constants })).toBe("'SNAPSHOT'");
  expect(value("price", { ...typedForm(later), constants })).toBe("1.50");
});

test("a list of values names each column", () => {
  const [user, price] = segmentColumns(duckdb, SCHEMA);
  expect(valueList(duckdb, [user, price] as never, wireForm())).toBe(
    '"user" AS "user", CAST("price" AS DECIMAL(9,2)) AS "price"',
  );
});
