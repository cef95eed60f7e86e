import { describe, expect, test } from "@jest/globals";
import { mentions, readingStatement, withViews } from "../../src/aws/user-statement.ts";
import { anyCharacter } from "../arbitraries/character.ts";
import * as fc from "../support/fast-check.ts";

const VIEWS = [{ name: "reviews", sql: "SELECT 1" }];
const bound = (sql: string): string => withViews(readingStatement(sql), VIEWS, "lake");

describe("statements that read", () => {
  test.each([
    "SELECT 1",
    "select 1 ; ; -- the end; really",
    "/* ; */ WITH a AS (SELECT ';') TABLE a",
    "(SELECT 1) UNION ALL (SELECT 2)",
    "VALUES 1",
    "EXPLAIN SELECT 1",
    "EXPLAIN ANALYZE VERBOSE SELECT 1",
    "EXPLAIN (TYPE DISTRIBUTED, FORMAT JSON) (SELECT 1)",
    "SHOW TABLES",
    "DESCRIBE reviews",
  ])("are taken: %s", (sql) => {
    expect(sql).toContain(readingStatement(sql).sql);
  });

  test.each([
    "",
    " ; ",
    "-- SELECT 1",
    "DROP TABLE reviews",
    "INSERT INTO t SELECT 1",
    "CREATE TABLE t AS SELECT 1",
    "UNLOAD (SELECT 1) TO 's3://x/'",
    "EXPLAIN ANALYZE INSERT INTO t SELECT 1",
    "EXPLAIN SHOW TABLES",
    "EXECUTE prepared",
    "SELECT 1; DROP TABLE reviews",
    "SELECT '--'; DROP TABLE reviews",
    '/* "" */ SELECT 1 /**/; SELECT 2',
    "DELETE FROM reviews",
    '"SELECT" 1',
  ])("and others are not: %s", (sql) => {
    expect(() => readingStatement(sql)).toThrow(expect.objectContaining({ code: "SQL_FAILED" }));
  });

  test("no text makes the reading of it fail in another way", () => {
    fc.assert(
      fc.property(fc.string({ unit: anyCharacter }), (text) => {
        try {
          expect(text.startsWith(readingStatement(text).sql)).toBe(true);
        } catch (error) {
          expect(error).toMatchObject({ code: "SQL_FAILED" });
        }
      }),
    );
  });
});

describe("views are bound", () => {
  test.each([
    ["SELECT * FROM reviews;", 'WITH "reviews" AS (SELECT 1) SELECT * FROM reviews'],
    ["with a AS (SELECT 2) SELECT 3", 'with "reviews" AS (SELECT 1), a AS (SELECT 2) SELECT 3'],
    ["WITH -- x\n a AS (SELECT 2) TABLE a", 'WITH "reviews" AS (SELECT 1), -- x\n a AS (SELECT 2) TABLE a'],
    ["EXPLAIN SELECT 1", 'EXPLAIN WITH "reviews" AS (SELECT 1) SELECT 1'],
    ["(SELECT 1) LIMIT 1", 'WITH "reviews" AS (SELECT 1) (SELECT 1) LIMIT 1'],
    [
      "WITH function AS (SELECT 1) TABLE function",
      'WITH "reviews" AS (SELECT 1), function AS (SELECT 1) TABLE function',
    ],
  ])("in %s", (sql, wanted) => {
    expect(bound(sql)).toBe(wanted);
  });

  test.each([
    ["SHOW TABLES", "SELECT"],
    ["SELECT * FROM lake.reviews", "lake.reviews"],
    ['SELECT * FROM AwsDataCatalog."LAKE" . "Reviews"', "lake.reviews"],
    ["WITH FUNCTION f(x bigint) RETURNS bigint RETURN x SELECT f(1)", "FUNCTION"],
    ["WITH RECURSIVE a(n) AS (SELECT 2) TABLE a", "RECURSIVE"],
  ])("or refused: %s", (sql, said) => {
    expect(() => bound(sql)).toThrow(
      expect.objectContaining({ code: "USAGE", message: expect.stringContaining(said) }),
    );
  });

  test("a column of that name, or a text, is no table", () => {
    expect(bound("SELECT r.reviews, 'lake.reviews' FROM r")).toContain('"reviews" AS');
  });
});

test("names are mentioned however they are written, and not in texts and comments", () => {
  const statement = readingStatement("SELECT 'a' /* b */ FROM C, \"D\" -- e");
  expect(["a", "b", "c", "d", "e"].filter((name) => mentions(statement, name))).toEqual(["c", "d"]);
});

test.each([
  "SELECT * FROM TABLE(ddb.system.query(query => 'DELETE'))",
  "SELECT * FROM TABLE(system.query(query => 'x'))",
  "SELECT * FROM mysql.shop.orders",
  'SELECT * FROM "lambda:fn"."shop"."orders"',
  "SELECT * FROM orders, mysql.shop.orders",
  "SELECT * FROM orders o JOIN mysql . shop . orders p ON o.id = p.id",
  "WITH x AS (SELECT * FROM mysql.shop.orders) SELECT * FROM x",
  "SELECT (SELECT max(id) FROM mysql.shop.orders) FROM orders",
  "SELECT * FROM orders WHERE id IN (TABLE mysql.shop.orders)",
  "EXPLAIN ANALYZE SELECT * FROM mysql.shop.orders",
])("%s asks elsewhere, and is refused", (sql) => {
  expect(() => readingStatement(sql)).toThrow(expect.objectContaining({ code: "SQL_FAILED" }));
});

test.each([
  "SELECT o.address.city, extract(day FROM o.times.created) FROM orders o, lake.orders p ORDER BY o.a.b, p.c.d",
  "SELECT * FROM AwsDataCatalog.lake.orders, UNNEST(o.a.b) AS t(x)",
  "SELECT * FROM TABLE(sequence(1, 3))",
  "SELECT a FROM orders GROUP BY a, orders.b.c HAVING max(orders.b.c) > 1",
])("%s reads the account's own catalog", (sql) => {
  expect(readingStatement(sql).sql).toBe(sql);
});
