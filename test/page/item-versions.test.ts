/** Versions of an item side by side: what each changed, down to one value in a list. */
import { expect, test } from "@jest/globals";
import type { ItemVersion } from "../../src/console/api.ts";
import { attributeRows } from "../../src/page/item-versions.ts";

const version = (
  operation: string,
  values: ItemVersion["values"],
  hidden: ItemVersion["hidden"] = {},
): ItemVersion => ({ operation, atSeconds: 0, expired: false, values, hidden });

test("a change of one value in a list is one marked cell, and what no column shows is never called removed", () => {
  const rows = attributeRows([
    version("INSERT", { id: "a", items: [{ qty: 1 }, { qty: 2 }], price: 4200, note: "x" }),
    version(
      "MODIFY",
      { id: "a", items: [{ qty: 1 }, { qty: 3 }], price: null, note: null },
      { price: "3899.5" },
    ),
  ]);
  const changes = rows.map(({ path, cells }) => [
    path,
    ...cells.map(({ text, change }) => `${change} ${text}`),
  ]);
  expect(changes).toEqual([
    ["id", "none a", "none a"],
    ["items[0].qty", "none 1", "none 1"],
    ["items[1].qty", "none 2", "set 3"],
    ["price", "none 4200", "set 3899.5"],
    ["note", "none x", "removed undefined"],
  ]);
  expect(rows.filter(({ isMoving }) => isMoving).map(({ path }) => path)).toEqual([
    "items[1].qty",
    "price",
    "note",
  ]);
  expect(rows.find(({ path }) => path === "price")?.cells.map(({ isHidden }) => isHidden)).toEqual([
    false,
    true,
  ]);
});

test("a removal leaves nothing", () => {
  const [row] = attributeRows([version("INSERT", { id: "a" }), version("REMOVE", { id: "a" })]);
  expect(row?.cells.map(({ change }) => change)).toEqual(["none", "removed"]);
});
