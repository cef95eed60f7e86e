/** What columns are to become, and what is left of that once the schema has changed meanwhile. */
import { expect, test } from "@jest/globals";
import { shapeOfFound } from "../../../src/core/infer/found-values.ts";
import { type WantedColumns, wantedColumns, withWanted } from "../../../src/core/infer/wanted-columns.ts";
import {
  type AttributeFile,
  parseSchema,
  type Schema,
  type SchemaFile,
} from "../../../src/core/schema/schema.ts";

function schemaOf(attributes: Record<string, AttributeFile>, more: Partial<SchemaFile> = {}): Schema {
  const all = { id: { type: "string" }, ...attributes };
  return parseSchema({ table: "t", key: { hash: "id" }, evolve: "all", attributes: all, ...more }, "a test");
}

const cents = { types: { N: 3 }, wholeDigits: 2, fractionDigits: 2 };
const MISFITS = new Map([
  ["price", shapeOfFound({ attribute: "price", ...cents })],
  ["note", shapeOfFound({ attribute: "note", types: { S: 1 }, wholeDigits: 0, fractionDigits: 0 })],
]);
const FIRST = { price: { type: "bigint" } };
const WANTED: WantedColumns = { price: { type: "decimal(23,4)" }, note: { type: "string" } };

test("it is what the schema becomes by what was found", () => {
  expect(wantedColumns(schemaOf(FIRST), { misfits: MISFITS })).toEqual(WANTED);
  expect(withWanted(schemaOf(FIRST), WANTED)?.file.attributes).toMatchObject(WANTED);
  expect(wantedColumns(schemaOf(FIRST, { evolve: "none" }), { misfits: MISFITS })).toEqual({});
});

const { price, note } = WANTED as Required<WantedColumns> & { price: AttributeFile; note: AttributeFile };

test.each<[string, Schema, Record<string, AttributeFile> | undefined]>([
  [
    "another name and a hidden column stay",
    schemaOf({ price: { type: "int", name: "cost", hidden: true } }),
    { price: { ...price, name: "cost", hidden: true }, note },
  ],
  [
    "another kind of type stays",
    schemaOf({ price: { type: "string" } }),
    { price: { type: "string" }, note },
  ],
  [
    "a wider type stays",
    schemaOf({ price: { type: "decimal(30,6)" } }),
    { price: { type: "decimal(30,6)" }, note },
  ],
  [
    "a mask stays",
    schemaOf({ price: { mask: "sha256", type: "string" }, Note: { mask: "drop" } }),
    undefined,
  ],
  [
    "a name is taken",
    schemaOf({ ...FIRST, memo: { type: "string", name: "note" } }),
    { price, memo: { type: "string", name: "note" } },
  ],
  ["only types may follow", schemaOf(FIRST, { evolve: "types" }), { price }],
  ["nothing may follow", schemaOf(FIRST, { evolve: "none" }), undefined],
  ["all of it is there", schemaOf(WANTED as Record<string, AttributeFile>), undefined],
])("meanwhile: %s", (_, schema, expected) => {
  const { id: __, ...attributes } = withWanted(schema, WANTED)?.file.attributes ?? {};
  expect(withWanted(schema, WANTED) && attributes).toEqual(expected);
});
