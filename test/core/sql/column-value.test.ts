/** What a name in SQL stands for in files of each form. */
import { expect, test } from "@jest/globals";
import { parseSchema, parseStoredSchema, type SchemaFile } from "../../../src/core/schema/schema.ts";
import { athena } from "../../../src/core/sql/athena.ts";
import { columnValue, typedForm, valueList, wireForm } from "../../../src/core/sql/column-value.ts";
import { duckdb } from "../../../src/core/sql/duckdb.ts";
import { recoveredValue } from "../../../src/core/sql/recovered-value.ts";
import { segmentColumns } from "../../../src/core/sql/typed-columns.ts";
import { openDuckdb } from "../../../src/embedded/duckdb/duckdb-session.ts";
import { withFolder } from "../../support/folders.ts";

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

/** What the column of an attribute shows of one row, as DuckDB has it. */
async function shownOf(attributes: Partial<SchemaFile>, row: string): Promise<unknown> {
  const file = { table: "reviews", key: { hash: "user" }, ...attributes };
  const schema = parseStoredSchema(file as SchemaFile, "a test");
  const column = segmentColumns(duckdb, schema)[1];
  if (column === undefined) throw new Error("there is a column");
  const value = columnValue(duckdb, column, typedForm(new Set([column.name])));
  return withFolder(async (temporaryFolder) => {
    const session = await openDuckdb({ threads: 1, memoryMegabytes: 200, temporaryFolder });
    try {
      const [shown] = await session.rows(`SELECT to_json(${value}) AS value FROM (SELECT ${row})`);
      return shown?.value;
    } finally {
      await session.close();
    }
  });
}

test("of a value that an older column held in part, _unmapped has all", async () => {
  const to = "struct<city:string,price:decimal(14,2)>";
  const earlier = [{ column: "to", type: "struct<city:string,price:int>" }];
  const file = {
    attributes: { user: { type: "string" }, to: { type: to } },
    forms: { to: { column: "to__2", earlier } },
  };
  const unmapped = '{"to":{"M":{"city":{"S":"x"},"price":{"N":"1.50"}}}}';
  const row = `NULL::STRUCT(city VARCHAR, price DECIMAL(14,2)) AS to__2, {'city': 'x', 'price': NULL::INTEGER} AS "to", '${unmapped}' AS _unmapped`;
  expect(await shownOf(file, row)).toBe('{"city":"x","price":1.5}');
});

test("an attribute of the column's name within another one is another one", async () => {
  const earlier = [{ column: "note", type: "timestamp" }];
  const file = {
    attributes: { user: { type: "string" }, note: { type: "string" } },
    forms: { note: { column: "note__2", earlier } },
  };
  const row = (unmapped: string): string =>
    `NULL::VARCHAR AS note__2, TIMESTAMP '2024-02-29 10:30:00' AS note, ${unmapped} AS _unmapped`;
  const moment = '"2024-02-29T10:30:00.000Z"';
  expect(await shownOf(file, row("NULL"))).toBe(moment);
  expect(await shownOf(file, row(`'{"meta":{"M":{"note":{"S":"inner"}}}}'`))).toBe(moment);
  // Another spelling of the moment: the item's own wins.
  expect(await shownOf(file, row(`'{"note":{"S":"2024-02-29 10:30"}}'`))).toBe('"2024-02-29 10:30"');
});
