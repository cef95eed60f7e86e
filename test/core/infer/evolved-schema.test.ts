/** A schema grows by what its data has more, and only by what loses nothing. */
import { describe, expect, test } from "@jest/globals";
import { columnsToMeasure, grownSchema } from "../../../src/core/infer/evolved-schema.ts";
import { limitSentences } from "../../../src/core/infer/following-limits.ts";
import { observeValue, type Shape, shapeOf } from "../../../src/core/infer/infer-shape.ts";
import { columnCodec } from "../../../src/core/row/column.ts";
import { Inexact } from "../../../src/core/row/encoding.ts";
import {
  type AttributeFile,
  type Column,
  parseSchema,
  parseStoredSchema,
  type SchemaFile,
} from "../../../src/core/schema/schema.ts";
import { schemaChange } from "../../../src/core/schema/schema-change.ts";
import { type AttributeValue, readAttributeValue } from "../../../src/core/values/attribute-value.ts";
import { attributeValue, numberText } from "../../arbitraries/item.ts";
import * as fc from "../../support/fast-check.ts";

const file = (attributes: Record<string, AttributeFile>, more: Partial<SchemaFile> = {}): SchemaFile => ({
  table: "t",
  key: { hash: "id" },
  evolve: "all",
  attributes: { id: { type: "string" }, ...attributes },
  ...more,
});

/** What a snapshot by the schema sees of the values of attribute "a". */
function seen(column: Column | undefined, values: readonly AttributeValue[]) {
  const misfit = shapeOf();
  const counts: Shape["counts"] = {};
  for (const value of values) {
    const [kind = "NULL"] = Object.keys(value) as (keyof typeof counts)[];
    counts[kind] = (counts[kind] ?? 0) + 1;
    const fits = column !== undefined && !(columnCodec(column, undefined).encode(value) instanceof Inexact);
    if (!fits && !("NULL" in value)) observeValue(misfit, value);
  }
  const misfits = new Map(Object.keys(misfit.counts).length === 0 ? [] : [["a", misfit] as const]);
  return { misfits, counts: new Map(column === undefined ? [] : [["a", counts] as const]) };
}

const fitting = (column: Column, values: readonly AttributeValue[]): number =>
  values.filter((value) => !(columnCodec(column, undefined).encode(value) instanceof Inexact)).length;

/** How many values the column shows, those that it alone does not give back included. */
function shown(column: Column, values: readonly AttributeValue[]): number {
  return values.filter((value) => {
    const encoded = columnCodec(column, undefined).encode(value);
    return !(encoded instanceof Inexact) || encoded.value !== null;
  }).length;
}

test("a type that changes holds every value that the old one held, and more", () => {
  const type = fc.constantFrom(
    "int",
    "bigint",
    "decimal(10,2)",
    "decimal(38,30)",
    "double",
    "string",
    "boolean",
    "date",
    "timestamp",
  );
  const moment = fc
    .constantFrom("2024-02-29T10:00:00Z", "2024-02-29 10:00:00", "2024-02-29T10:00:00.000+02:00", "soon")
    .map((S): AttributeValue => ({ S }));
  const value = fc.oneof(
    moment,
    numberText.map((N): AttributeValue => ({ N })),
    fc.double({ noNaN: true, min: -1e6, max: 1e6 }).map((n): AttributeValue => ({ N: n.toFixed(2) })),
    attributeValue,
  );
  fc.assert(
    fc.property(type, fc.array(value, { minLength: 1, maxLength: 8 }), (text, raw) => {
      const values = raw.map(readAttributeValue);
      const before = parseSchema(file({ a: { type: text } }), "test");
      const growth = grownSchema(before, seen(before.columns[1], values));
      if (growth === undefined) return;
      const after = parseSchema(growth.file, "test");
      const [old, next] = [before.columns[1], after.columns[1]] as [Column, Column];
      for (const each of values)
        if (fitting(old, [each]) === 1) expect([text, each, fitting(next, [each])]).toEqual([text, each, 1]);
      expect(shown(next, values)).toBeGreaterThan(shown(old, values));
    }),
    { numRuns: 2000 },
  );
});

test.each<[string, AttributeValue]>([
  ["timestamp", { S: "2024-02-29T10:00:00Z" }],
  ["array<timestamp>", { L: [{ S: "2024-02-29T10:00:00Z" }] }],
  ["map<string,timestamp>", { M: { a: { S: "2024-02-29T10:00:00Z" } } }],
  ["struct<at:timestamp>", { M: { at: { S: "2024-02-29T10:00:00Z" } } }],
])("%s keeps its type where all moments are spelled another way: it shows them", (type, value) => {
  const schema = parseSchema(file({ a: { type } }), "test");
  const column = schema.columns[1] as Column;
  expect([fitting(column, [value]), shown(column, [value])]).toEqual([0, 1]);
  expect(grownSchema(schema, seen(column, [value, value]))).toBeUndefined();
});

describe("one odd number keeps a column from nothing", () => {
  const numbers = (...texts: string[]): readonly AttributeValue[] =>
    texts.map((N) => readAttributeValue({ N }));
  test.each([
    ["bigint", numbers("29.99", "29.99", "1E+60"), "decimal(23,4)"],
    ["bigint", numbers("0.5", "0.1234567890123456789012345678901234567"), "decimal(22,3)"],
    ["int", numbers("3000000000", "1E+60"), "bigint"],
    ["decimal(10,2)", numbers("0.125", "1E-60"), "decimal(14,6)"],
  ])("%s, %j: %s", (type, values, wider) => {
    const schema = parseSchema(file({ a: { type } }), "test");
    const { misfits } = seen(schema.columns[1], values);
    expect(grownSchema(schema, { misfits })?.file.attributes.a).toEqual({ type: wider });
  });

  test("alone it changes no type", () => {
    const schema = parseSchema(file({ a: { type: "bigint" } }), "test");
    const { misfits } = seen(schema.columns[1], numbers("1E+60"));
    expect(grownSchema(schema, { misfits })).toBeUndefined();
  });
});

describe("new columns", () => {
  const grown = (schema: SchemaFile, ...names: readonly string[]) => {
    const misfits = new Map(
      names.map((name) => {
        const shape = shapeOf();
        observeValue(shape, { S: "x" });
        return [name, shape];
      }),
    );
    return grownSchema(parseSchema(schema, "test"), { misfits });
  };

  test("come for attributes of any name, and widen", () => {
    const growth = grown(file({}), "__proto__", "constructor");
    expect(Object.keys(growth?.file.attributes ?? {})).toEqual(["id", "__proto__", "constructor"]);
    const typed = (type: string) => parseSchema(file(JSON.parse(`{"__proto__":{"type":"${type}"}}`)), "test");
    const change = schemaChange(typed("int"), typed("bigint"));
    expect(change).toMatchObject({ kind: "compatible", widened: [{ attribute: "__proto__", to: "bigint" }] });
    if (change.kind !== "compatible") return;
    expect(change.schema.columns[1]?.earlier).toHaveLength(1);
    const stale = schemaChange(change.schema, parseSchema(file({}), "test"), "least");
    expect(stale).toMatchObject({ kind: "same" });
  });

  test("get names that no other column has", () => {
    const growth = grown(
      file({ Price: { type: "bigint" }, b: { type: "string", name: "a" } }),
      "price",
      "a",
      "größe",
    );
    expect(growth?.file.attributes).toMatchObject({
      price: { name: "price_2", type: "string" },
      a: { name: "a_2", type: "string" },
      größe: { name: "größe", type: "string" },
    });
    expect(growth?.added).toEqual(expect.arrayContaining(["price_2", "a_2", "größe"]));
    expect(() => parseSchema(growth?.file, "test")).not.toThrow();
  });

  test("are not for other spellings of masked and dropped attributes, nor for names that are data", () => {
    const masked = file({ Email: { mask: "sha256" }, Phone: { mask: "drop" } });
    expect(grown(masked, "email", "PHONE")).toBeUndefined();
    expect(grown(masked, "email", "note")?.added).toEqual(["note"]);
    const letters = (i: number): string => `n${String.fromCodePoint(97 + (i % 26), 97 + Math.floor(i / 26))}`;
    expect(grown(file({}), ...Array.from({ length: 101 }, (_, i) => letters(i)))).toBeUndefined();
    expect(grown(file({}, { evolve: "types" }), "note")).toBeUndefined();
    expect(grown(file({}, { evolve: undefined }), "note")).toBeUndefined();
  });

  test("are not for names that differ by their numbers alone, however slowly these come", () => {
    const many = Object.fromEntries(Array.from({ length: 49 }, (_, i) => [`user-${i}`, { type: "string" }]));
    expect(grown(file(many), "user-1000")?.added).toEqual(["user_1000"]);
    expect(grown(file(many), "user-1000", "user-1001", "note")?.added).toEqual(["note"]);
    const schema = parseSchema(file(many), "test");
    expect(limitSentences(schema, ["user-1000", "user-1001"], new Set())).toEqual([
      "2 attributes without a column have names that look like data: declare what you need",
    ]);
    expect(limitSentences(schema, ["user-1000"], new Set())).toEqual([]);
  });

  test("are at most 500 with those that there are", () => {
    const many = Object.fromEntries(Array.from({ length: 490 }, (_, i) => [`c${i}`, { type: "string" }]));
    expect(grown(file(many), ...Array.from({ length: 20 }, (_, i) => `n${i}`))?.added).toHaveLength(9);
    expect(
      grown(
        file({
          ...many,
          ...Object.fromEntries(Array.from({ length: 9 }, (_, i) => [`d${i}`, { type: "int" }])),
        }),
        "n",
      ),
    ).toBeUndefined();
  });
});

test("a column that has had eight types widens no more, which is said", () => {
  const forms = (count: number): SchemaFile => ({
    ...file({ a: { type: "bigint" } }),
    forms: {
      a: {
        column: "a",
        earlier: Array.from({ length: count }, (_, i) => ({ column: `a__${i}`, type: "int" })),
      },
    },
  });
  const seventh = parseStoredSchema(forms(6), "test");
  const values = seen(seventh.columns[1], [{ N: "1" }, { N: "1.5" }]);
  expect(grownSchema(seventh, { misfits: values.misfits })?.retyped).toHaveLength(1);
  const eighth = parseStoredSchema(forms(7), "test");
  expect(grownSchema(eighth, { misfits: values.misfits })).toBeUndefined();
  expect(limitSentences(seventh, [], new Set(["a"]))).toEqual([]);
  expect(limitSentences(eighth, [], new Set(["a"]))).toEqual([
    expect.stringContaining("a has changed its type 7 times and cannot change it again"),
  ]);
  const wider = parseSchema(file({ a: { type: "decimal(30,2)" } }), "test");
  expect(schemaChange(seventh, wider).kind).toBe("compatible");
  expect(schemaChange(eighth, wider)).toMatchObject({
    kind: "refused",
    reasons: [expect.stringContaining("attributes.a.type: it has changed its type 7 times")],
  });
});

test("a key's values are not measured: its digits stay where they are", () => {
  const decimals = { a: { type: "decimal(38,4)" }, b: { type: "decimal(38,4)" } };
  const schema = parseSchema(file(decimals, { key: { hash: "id", range: "a" } }), "test");
  const misfit = shapeOf();
  observeValue(misfit, { N: "0.123456789" });
  const misfits = new Map([
    ["a", misfit],
    ["b", misfit],
  ]);
  expect(columnsToMeasure(schema, { misfits }).map(({ attribute }) => attribute)).toEqual(["b"]);
  expect(grownSchema(schema, { misfits, wholeDigits: new Map([["a", 1]]) })).toBeUndefined();
});

test("a partition's column and a masked one keep their types", () => {
  const schema = parseSchema(file({ a: { type: "int" } }, { partitionBy: "identity(a)" }), "test");
  expect(grownSchema(schema, seen(schema.columns[1], [{ N: "1" }, { N: "3000000000" }]))).toBeUndefined();
});
