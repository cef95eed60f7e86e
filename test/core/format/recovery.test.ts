/** Which segments are looked into for the values of columns that came later, and for which columns. */
import { expect, test } from "@jest/globals";
import { recoverableFrom, withDeclared, withoutReplaced } from "../../../src/core/format/recovery.ts";

const before = { table: "t", key: { hash: "id" }, attributes: {} };
const manifestOf = (...ids: readonly string[]) => ({ segments: ids.map((id) => ({ id })), snapshots: [] });

test("a widened column is looked for in segments that have values for it, and in those that were not counted", () => {
  const clean = new Map([["price__bigint", new Set(["a", "gone"])]]);
  const recovery = withDeclared(manifestOf("a", "b", "new"), {
    before,
    added: ["price__bigint", "note"],
    clean,
  });
  const manifest = { ...manifestOf("a", "b", "new"), recovery };
  expect([...recoverableFrom(manifest, "a")]).toEqual(["note"]);
  for (const id of ["b", "new"])
    expect([...recoverableFrom(manifest, id)]).toEqual(["price__bigint", "note"]);
  const replaced = withoutReplaced({ ...manifestOf("b", "c"), recovery });
  expect(replaced.recovery).toMatchObject({ segments: ["b"], unmapped: { price__bigint: ["b"] } });
  // Of a column that comes again nothing is known.
  const again = withDeclared(replaced, { before, added: ["price__bigint"] });
  expect(again).toMatchObject({ columns: ["price__bigint", "note"], segments: ["b", "c"] });
  expect([...recoverableFrom({ recovery: again }, "c")]).toEqual(["price__bigint", "note"]);
});
