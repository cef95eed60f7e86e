/** The text and the key of a row, which are those of its item. */
import { describe, expect, test } from "@jest/globals";
import type { WireValue } from "../../../src/core/row/encoding.ts";
import { type ItemRow, type RowCodec, rowCodec, toItem, toRow } from "../../../src/core/row/row.ts";
import { storedItems } from "../../../src/core/row/stored-item.ts";
import { parseSchema } from "../../../src/core/schema/schema.ts";
import { itemText, readItem } from "../../../src/core/values/attribute-value.ts";
import { keyOf } from "../../../src/core/values/key.ts";
import { item } from "../../arbitraries/item.ts";
import { itemAndSchema, schemaFor } from "../../arbitraries/schema.ts";
import { allEffort } from "../../support/effort.ts";
import * as fc from "../../support/fast-check.ts";

const MASK_KEY = new TextEncoder().encode("a key of the user's own");

describe("a stored item", () => {
  test("has the text and the key of its item, for every item and every schema", () => {
    const masked = itemAndSchema({ key: { hash: "id" }, masks: "some" });
    fc.assert(
      fc.property(fc.oneof(itemAndSchema(), masked), ({ item: written, file }) => {
        const codec = rowCodec(parseSchema(file, "a test"), MASK_KEY);
        const row = toRow(codec, readItem(written));
        expectSame(codec, row);
        // What _unmapped hides is in the columns as far as they can have it.
        expectSame(codec, { ...row, unmapped: null });
      }),
      { numRuns: 2000 },
    );
  });

  test("has them where the schema was made for another item", () => {
    const foreign = fc
      .tuple(item, item)
      .chain(([one, other]) => fc.tuple(fc.constant(one), schemaFor([other])));
    fc.assert(
      fc.property(foreign, ([written, file]) => {
        const codec = rowCodec(parseSchema(file, "a test"), MASK_KEY);
        const row = toRow(codec, readItem(written));
        expectSame(codec, row);
        expectSame(codec, { ...row, unmapped: null });
      }),
      { numRuns: 500 },
    );
  });

  test("has them in whatever form an engine writes a value", () => {
    const wire = fc.oneof(
      fc.constantFrom<WireValue>(
        null,
        "",
        "true",
        true,
        false,
        0,
        -0,
        1.5,
        1e300,
        7n,
        "12.50",
        "-0.0",
        "1E5",
      ),
      fc.constantFrom<WireValue>(
        "null",
        "[]",
        "{}",
        '["b","a"]',
        '["a","a"]',
        '["a",null]',
        '{"x":null,"y":"1.0"}',
      ),
      fc.constantFrom<WireValue>(
        '{"y":"2","x":"1"}',
        '{"__proto__":"1"}',
        '[["1"],[]]',
        "[1]",
        '"a"',
        "no JSON",
        "\ud800",
      ),
      fc.string({ unit: "binary" }),
      fc.json(),
    );
    fc.assert(
      fc.property(fc.nat({ max: COLUMNS - 1 }), wire, (column, value) => {
        const values = Array.from({ length: COLUMNS }, (_, i) => (i === column ? value : null));
        expectSame(CODEC, { values, unmapped: null });
      }),
      { numRuns: allEffort ? 8000 : 1000 },
    );
  });
});

const TYPES = [
  "string",
  "boolean",
  "int",
  "bigint",
  "double",
  "decimal(10,2)",
  "date",
  "timestamp",
  "binary",
  "json",
  "array<string>",
  "array<decimal(10,2)>",
  "array<array<int>>",
  "map<string,string>",
  "map<string,boolean>",
  "struct<y:int,X:double>",
  "struct<x:array<struct<y:string>>>",
] as const;
const SETS = ["array<string>", "array<int>", "array<binary>"] as const;
const COLUMNS = TYPES.length + SETS.length;
const CODEC = rowCodec(
  parseSchema(
    {
      table: "t",
      key: { hash: "a0" },
      attributes: Object.fromEntries([
        ...TYPES.map((type, i) => [`a${i}`, { type }] as const),
        ...SETS.map((type, i) => [`s${i}`, { type, set: true }] as const),
      ]),
    },
    "a test",
  ),
);

function expectSame(codec: RowCodec, row: ItemRow): void {
  const stored = storedItems(codec)(row);
  const read = outcome(() => toItem(codec, row));
  expect(outcome(() => stored.text())).toEqual(read === undefined ? undefined : itemText(read));
  expect(outcome(() => stored.item())).toEqual(read);
  if (read !== undefined) expect(outcome(() => stored.key())).toEqual(keyOf(codec.schema.key, read));
}

function outcome<T>(make: () => T): T | undefined {
  try {
    return make();
  } catch {
    return undefined;
  }
}
