/** Schema files: what they mean, and what is refused. */
import { describe, expect, test } from "@jest/globals";
import { DynalakeError } from "../../../src/core/error.ts";
import {
  columnName,
  parseSchema,
  parseSchemaText,
  RESERVED_COLUMNS,
  type SchemaFile,
} from "../../../src/core/schema/schema.ts";
import type { Json } from "../../../src/core/values/json-members.ts";
import { attributeName } from "../../arbitraries/item.ts";
import { deepJsonText, hostileJson, mutated } from "../../arbitraries/json.ts";
import { itemAndSchema } from "../../arbitraries/schema.ts";
import * as fc from "../../support/fast-check.ts";

const file = itemAndSchema({ key: { hash: "pk", range: "sk" }, masks: "some" }).map(
  (generated) => generated.file,
);

describe("a schema", () => {
  test("is read from a minimal file", () => {
    const minimal: SchemaFile = { table: "reviews", key: { hash: "User" }, attributes: {} };
    expect(parseSchema(minimal, "reviews.json")).toEqual({
      table: "reviews",
      source: "reviews",
      key: { hash: "User" },
      where: [],
      partitioning: undefined,
      columns: [],
      dropped: new Set(),
      evolve: "none",
      file: minimal,
    });
  });

  test("is read from a file that says everything", () => {
    const whole: SchemaFile = {
      $schema: "https://example.com/schema.json",
      table: "reviews",
      source: "Prod.Reviews",
      key: { hash: "User", range: "Book" },
      where: { type: { equals: "Review" }, Book: { beginsWith: "B#" }, gone: { exists: false } },
      partitionBy: "month(written_at)",
      attributes: {
        User: { type: "string" },
        "Written-At": { type: "timestamp", format: "epoch_seconds", name: "written_at" },
        tags: { type: "array<string>", set: true },
        email: { mask: "sha256" },
        password: { mask: "drop" },
      },
    };
    expect(parseSchema(whole, "reviews.json")).toEqual({
      table: "reviews",
      source: "Prod.Reviews",
      key: { hash: "User", range: "Book" },
      where: [
        { attribute: "type", test: { equals: "Review" } },
        { attribute: "Book", test: { beginsWith: "B#" } },
        { attribute: "gone", test: { exists: false } },
      ],
      partitioning: { kind: "month", column: "written_at" },
      columns: [
        column("User", "user", { kind: "string" }),
        { ...column("Written-At", "written_at", { kind: "timestamp" }), format: "epoch_seconds" },
        { ...column("tags", "tags", { kind: "array", element: { kind: "string" } }), set: true },
        { ...column("email", "email", { kind: "string" }), masked: true },
      ],
      dropped: new Set(["password"]),
      evolve: "none",
      file: whole,
    });
  });

  test("comes back from the file that it keeps, written beside the data", () => {
    fc.assert(
      fc.property(file, (written) => {
        const schema = parseSchema(written, "a");
        expect(parseSchemaText(JSON.stringify(schema.file, null, 2), "b")).toEqual(schema);
      }),
      { numRuns: 300 },
    );
  });

  test("has a column for every attribute that is not dropped, each of a name of its own", () => {
    fc.assert(
      fc.property(file, (written) => {
        const schema = parseSchema(written, "a");
        const names = Object.keys(written.attributes);
        const attributes = schema.columns.map((one) => one.attribute);
        expect([...attributes, ...schema.dropped].sort()).toEqual([...names].sort());
        expect(new Set(schema.columns.map((one) => one.name)).size).toBe(schema.columns.length);
      }),
      { numRuns: 300 },
    );
  });

  test("an attribute called __proto__ can be declared, masked and dropped like any other", () => {
    const withProto = (spec: Json): SchemaFile =>
      schemaFile(JSON.parse(`{"__proto__":${JSON.stringify(spec)}}`));
    expect(parseSchema(withProto({ type: "int" }), "a").columns).toEqual([
      column("__proto__", "__proto__", { kind: "int" }),
    ]);
    expect(parseSchema(withProto({ mask: "drop" }), "a").dropped).toEqual(new Set(["__proto__"]));
    expect(refusal(withProto({ type: 5 }))?.code).toBe("SCHEMA_INVALID");
    expect(refusal({ ...schemaFile({}), where: JSON.parse('{"__proto__":{}}') })?.code).toBe(
      "SCHEMA_INVALID",
    );
  });
});

describe("a schema file is refused, with the place in it", () => {
  test.each<[string, Json, string, string]>([
    ["no object", [], "the file", "SCHEMA_INVALID"],
    ["no table", { key: { hash: "a" }, attributes: {} }, "table", "SCHEMA_INVALID"],
    ["a table name that leads elsewhere", { ...base(), table: "../x" }, "table", "SCHEMA_INVALID"],
    ["an unknown member", { ...base(), atributes: {} }, "atributes", "SCHEMA_INVALID"],
    ["no key", { table: "t", attributes: {} }, "key", "SCHEMA_INVALID"],
    [
      "one attribute as both keys",
      { ...base(), key: { hash: "a", range: "a" } },
      "key.range",
      "SCHEMA_INVALID",
    ],
    ["a misspelt type", attributes({ a: { type: "strnig" } }), "attributes.a.type", "SCHEMA_INVALID"],
    ["no type", attributes({ a: {} }), "attributes.a", "SCHEMA_INVALID"],
    [
      "a column name with a blank",
      attributes({ a: { type: "int", name: "a b" } }),
      "attributes.a.name",
      "SCHEMA_INVALID",
    ],
    [
      "an attribute without a name for its column",
      attributes({ "": { type: "int" } }),
      "name",
      "SCHEMA_INVALID",
    ],
    ["a column of dynalake's own", attributes({ _OP: { type: "int" } }), "attributes._OP", "SCHEMA_INVALID"],
    [
      "a format of no timestamp",
      attributes({ a: { type: "date", format: "iso" } }),
      "attributes.a.format",
      "SCHEMA_INVALID",
    ],
    [
      "a set of dates",
      attributes({ a: { type: "array<date>", set: true } }),
      "attributes.a.set",
      "SCHEMA_INVALID",
    ],
    [
      "a set that is no array",
      attributes({ a: { type: "string", set: true } }),
      "attributes.a.set",
      "SCHEMA_INVALID",
    ],
    [
      "a masked number",
      attributes({ a: { type: "int", mask: "sha256" } }),
      "attributes.a.type",
      "SCHEMA_INVALID",
    ],
    [
      "a dropped column",
      attributes({ a: { type: "int", mask: "drop" } }),
      "attributes.a.type",
      "SCHEMA_INVALID",
    ],
    ["a masked key", attributes({ id: { mask: "sha256" } }), "attributes.id.mask", "SCHEMA_INVALID"],
    ["a dropped key", attributes({ id: { mask: "drop" } }), "attributes.id.mask", "SCHEMA_INVALID"],
    [
      "a condition that asks two things",
      { ...base(), where: { a: { equals: "x", exists: true } } },
      "where.a",
      "SCHEMA_INVALID",
    ],
    ["a condition that asks nothing", { ...base(), where: { a: {} } }, "where.a", "SCHEMA_INVALID"],
    ["a partition of no column", { ...base(), partitionBy: "day(a)" }, "partitionBy", "SCHEMA_INVALID"],
    [
      "attributes that collide in lower case",
      attributes({ Id: { type: "int" }, ID: { type: "int" } }),
      '"Id" and "ID"',
      "SCHEMA_COLLISION",
    ],
    [
      "attributes that collide as _",
      attributes({ "a-b": { type: "int" }, "a.b": { type: "int" } }),
      '"a-b" and "a.b"',
      "SCHEMA_COLLISION",
    ],
    [
      "a name that another column has",
      attributes({ a: { type: "int" }, b: { type: "int", name: "a" } }),
      '"a" and "b"',
      "SCHEMA_COLLISION",
    ],
  ])("%s", (_, written, where, code) => {
    const error = refusal(written);
    expect(error?.code).toBe(code);
    expect(error?.message).toContain("a-schema.json");
    expect(error?.message).toContain(where);
  });

  test.each([...RESERVED_COLUMNS])("a column called %s", (name) => {
    expect(refusal(attributes({ a: { type: "int", name } }))?.code).toBe("SCHEMA_INVALID");
  });

  test("text that is no JSON, or names a member twice", () => {
    for (const text of ["", "{", '{"table":"t","table":"u","key":{"hash":"a"},"attributes":{}}']) {
      expect(() => parseSchemaText(text, "a-schema.json")).toThrow(
        expect.objectContaining({
          code: "SCHEMA_INVALID",
          message: expect.stringContaining("a-schema.json"),
        }),
      );
    }
  });
});

describe("hostile input", () => {
  const nearly = fc
    .tuple(file, fc.array(fc.nat(), { maxLength: 4 }), hostileJson)
    .map(([written, choices, json]) => mutated(JSON.parse(JSON.stringify(written)), choices, json));
  const text = fc.oneof(
    { weight: 6, arbitrary: nearly.map((json) => JSON.stringify(json)) },
    { weight: 1, arbitrary: hostileJson.map((json) => JSON.stringify(json)) },
    { weight: 1, arbitrary: deepJsonText },
    {
      weight: 1,
      arbitrary: deepJsonText.map((json) => `{"table":"t","key":{"hash":"a"},"attributes":{"a":${json}}}`),
    },
    { weight: 1, arbitrary: fc.string() },
  );

  test("gives a schema or a DynalakeError, nothing else", () => {
    fc.assert(
      fc.property(text, (written) => {
        try {
          const schema = parseSchemaText(written, "a");
          expect(schema.columns.every((one) => /^[a-z0-9_]{1,255}$/.test(one.name))).toBe(true);
        } catch (error) {
          expect(error).toBeInstanceOf(DynalakeError);
        }
      }),
      { numRuns: 600 },
    );
  });
});

test("the default name of a column can be a column's name, unless the attribute has none", () => {
  fc.assert(
    fc.property(attributeName, (name) => {
      if (name !== "") expect(columnName(name)).toMatch(/^[a-z0-9_]{1,255}$/);
    }),
    { numRuns: 300 },
  );
});

function column(attribute: string, name: string, type: object): object {
  return {
    attribute,
    name,
    label: name,
    type,
    earlier: [],
    format: "iso",
    set: false,
    masked: false,
    hidden: false,
  };
}

function base(): { readonly [member: string]: Json } {
  return { table: "t", key: { hash: "id" }, attributes: {} };
}

function attributes(declared: { readonly [attribute: string]: Json }): Json {
  return { table: "t", key: { hash: "id" }, attributes: declared };
}

function schemaFile(declared: SchemaFile["attributes"]): SchemaFile {
  return { table: "t", key: { hash: "id" }, attributes: declared };
}

function refusal(written: unknown): DynalakeError | undefined {
  try {
    parseSchema(written, "a-schema.json");
    return undefined;
  } catch (error) {
    if (error instanceof DynalakeError) return error;
    throw error;
  }
}
