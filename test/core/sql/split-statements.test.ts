/** Statements of a text, told apart where an engine would tell them apart. */
import { expect, test } from "@jest/globals";
import { splitStatements } from "../../../src/core/sql/split-statements.ts";

test.each([
  ["", []],
  [" ; -- nothing\n;", []],
  ["SELECT 1", [["SELECT 1", 1]]],
  [
    "SELECT 1;\n\nSELECT 2;",
    [
      ["SELECT 1", 1],
      ["SELECT 2", 3],
    ],
  ],
  [
    "SELECT ';' AS \";\" -- ;\n/* ; */ FROM t;SELECT 2",
    [
      ["SELECT ';' AS \";\" -- ;\n/* ; */ FROM t", 1],
      ["SELECT 2", 2],
    ],
  ],
  ["-- first\nSELECT 'a''; b'", [["SELECT 'a''; b'", 2]]],
])("%j", (text, wanted) => {
  expect(splitStatements(text).map(({ sql, line }) => [sql, line])).toEqual(wanted);
});
