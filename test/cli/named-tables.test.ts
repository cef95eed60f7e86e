/** `--source` is the table of DynamoDB, `--table` the lake's; the old `--table` of snapshot, run and infer works with a note. */
import { expect, test } from "@jest/globals";
import type { CommandContext } from "../../src/cli/context/command.ts";
import { namedTables, requireMeant, type TableOptions } from "../../src/cli/context/named-tables.ts";
import type { CommandLake } from "../../src/library/folder-lake.ts";
import { dynalake, expectRefused } from "../support/cli.ts";

function named(options: TableOptions, tables: CommandContext["settings"]["tables"] = {}) {
  const notes: string[] = [];
  const context = { settings: { tables }, terminal: { note: (text: string) => notes.push(text) } };
  const { isOld: _old, ...found } = namedTables(context as unknown as CommandContext, options);
  return { ...found, notes };
}

const NOTHING = { source: undefined, name: undefined, schema: undefined, notes: [] };

test("each option names what it says", () => {
  expect(named({ source: "Orders", table: "sales" })).toEqual({
    ...NOTHING,
    source: "Orders",
    name: "sales",
  });
  expect(named({ fromExport: "e", table: "sales" })).toEqual({ ...NOTHING, name: "sales" });
  expect(named({ source: "Orders", name: "sales" })).toEqual({ ...NOTHING, source: "Orders", name: "sales" });
  expect(() => named({ source: "Orders", table: "a", name: "b" })).toThrow("both name the lake table");
});

test("both names of the lake table are refused by `replay`, too", async () => {
  const given = ["replay", "x.json", "--table", "a", "--name", "b"];
  expectRefused(await dynalake(given), { code: "USAGE", names: ["--table", "--name"] });
});

test("--table alone is the source, as before, with a note", () => {
  const note = expect.stringContaining("write --source Orders");
  expect(named({ table: "Orders" })).toEqual({ ...NOTHING, source: "Orders", notes: [note] });
  expect(named({ table: "Orders", name: "sales" })).toMatchObject({
    source: "Orders",
    name: "sales",
    notes: [note],
  });
});

test("it is refused where it may be a table of the lake with another source", async () => {
  const lake = {
    sources: async () =>
      new Map([
        ["orders", "Orders"],
        ["same", "same"],
      ]),
  };
  const meant = (source: string, isOld = true) =>
    requireMeant(lake as unknown as CommandLake, { source, isOld, name: undefined, schema: undefined });
  await expect(meant("orders")).rejects.toThrow('"orders" is a table of the lake, filled from Orders');
  await meant("same");
  await meant("Orders");
  await meant("orders", false);
});

test("the tables of the settings fill in the source and the schema file", () => {
  const tables = {
    sales: { source: "Orders", schema: "/s.json" },
    users: { source: "People" },
    people: { source: "People" },
  };
  const sales = { ...NOTHING, source: "Orders", name: "sales", schema: "/s.json" };
  expect(named({ table: "sales" }, tables)).toEqual(sales);
  expect(named({ source: "Orders" }, tables)).toEqual(sales);
  expect(named({ source: "Orders", schema: "other.json" }, tables)).toMatchObject({ schema: "other.json" });
  expect(named({ source: "People", table: "users" }, tables)).toMatchObject({
    name: "users",
    schema: undefined,
  });
  expect(() => named({ source: "People" }, tables)).toThrow("several tables of People: users, people");
});
