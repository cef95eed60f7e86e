/** Which columns of a deployed table get one of text beside them. */
import { expect, test } from "@jest/globals";
import { attributesToShow } from "../../src/aws/shown-texts.ts";
import { initialManifest } from "../../src/core/format/manifest.ts";
import type { FoundDrift } from "../../src/core/overlay/found-record.ts";
import { parseSchema } from "../../src/core/schema/schema.ts";

const attributes = Object.fromEntries(
  Array.from({ length: 100 }, (_, i) => [`A${i}`, { type: i === 7 ? "json" : "bigint" }]),
);
const FILE = { table: "orders", key: { hash: "Id" }, attributes: { Id: { type: "string" }, ...attributes } };
const schema = parseSchema({ ...FILE, evolve: "types" }, "a test");
const table = { schema, manifest: { ...initialManifest(1), sequence: 1, schema: schema.file } };

function drift(attribute: string, hidden: number, type = "bigint"): FoundDrift {
  const column = { name: attribute.toLowerCase(), type };
  return { attribute, column, hidden, values: 100, types: { S: hidden }, wholeDigits: 0, fractionDigits: 0 };
}

const look = (...found: readonly FoundDrift[]) => ({ runs: ["r"], found });

test("what hides most comes first, over all looks, and what is shown is not shown again", () => {
  const looks = [look(drift("A1", 3), drift("A2", 4), drift("A3", 9)), look(drift("A1", 2))];
  const shown = { ...table, manifest: { ...table.manifest, texts: ["A3"] } };
  expect(attributesToShow(shown, { looks })).toEqual(["A1", "A2"]);
});

test("what waits for another type waits, and what was found of an earlier type says nothing", () => {
  const looks = [look(drift("A1", 3), drift("A2", 4), drift("A4", 1, "int"), drift("A7", 1, "json"))];
  const wanted = { columns: { A1: { type: "decimal(23,4)" } }, sinceSeconds: 0 };
  expect(attributesToShow(table, { looks, wanted })).toEqual(["A2"]);
});

test("no compaction begins to show as text what no column may appear for", () => {
  const still = { ...table, schema: parseSchema(FILE, "a test") };
  expect(attributesToShow(still, { looks: [look(drift("A1", 3))] })).toEqual([]);
});

test("attributes without a column have no text", () => {
  const { column: _, ...undeclared } = drift("B", 5);
  expect(attributesToShow(table, { looks: [look(undeclared)] })).toEqual([]);
});

test("no more come than views have room for, whatever is shown already", () => {
  const looks = [look(...schema.columns.map(({ attribute }, i) => drift(attribute, i)))];
  const first = attributesToShow(table, { looks });
  expect(first.length).toBeGreaterThan(20);
  expect(first.length).toBeLessThan(50);
  expect(first[0]).toBe("A99");
  const full = { ...table, manifest: { ...table.manifest, texts: first } };
  expect(attributesToShow(full, { looks })).toEqual([]);
});
