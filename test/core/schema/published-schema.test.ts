// Checks the published JSON Schema with a small separate validator, since editors do not use zod either.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { parseSchema, parseSchemaText } from "../../../src/core/schema/schema.ts";
import { schemaFileJsonSchema } from "../../../src/core/schema/schema-file.ts";
import type { Json } from "../../../src/core/values/json-members.ts";
import { hostileJson, mutated } from "../../arbitraries/json.ts";
import { itemAndSchema } from "../../arbitraries/schema.ts";
import * as fc from "../../support/fast-check.ts";

const folder = join(import.meta.dirname, "..", "..", "..", "schemas");
const published = JSON.parse(readFileSync(join(folder, "dynalake-table.schema.json"), "utf8")) as JsonSchema;
const reviews = readFileSync(join(folder, "reviews.json"), "utf8");

interface JsonSchema {
  readonly type?: "object" | "string" | "boolean" | "array";
  readonly description?: string;
  readonly properties?: { readonly [name: string]: JsonSchema };
  readonly required?: readonly string[];
  readonly additionalProperties?: false | JsonSchema;
  readonly propertyNames?: JsonSchema;
  readonly pattern?: string;
  readonly enum?: readonly string[];
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly items?: JsonSchema;
  readonly minItems?: number;
  readonly minProperties?: number;
  readonly maxProperties?: number;
}

const KEYWORDS = new Set([
  ...["$schema", "title", "description", "type", "properties", "required", "additionalProperties"],
  ...["propertyNames", "pattern", "enum", "minLength", "maxLength"],
  ...["minProperties", "maxProperties", "items", "minItems"],
]);

describe("the published JSON Schema", () => {
  test("is the one of the sources", () => {
    expect(published).toEqual(schemaFileJsonSchema());
  });

  test("uses only keywords that this test understands", () => {
    expect(
      subschemas(published)
        .flatMap((each) => Object.keys(each))
        .filter((name) => !KEYWORDS.has(name)),
    ).toEqual([]);
  });

  test("says what is needed, allows nothing unknown, and describes every member", () => {
    expect(published.required).toEqual(["table", "key", "attributes"]);
    expect(published.properties?.key?.required).toEqual(["hash"]);
    const attribute = published.properties?.attributes?.additionalProperties as JsonSchema;
    for (const closed of [published, published.properties?.key, attribute]) {
      expect(closed?.additionalProperties).toBe(false);
      for (const [name, member] of Object.entries(closed?.properties ?? {})) {
        if (name !== "$schema")
          expect([name, member.description]).toEqual([name, expect.stringMatching(/\w/)]);
      }
    }
    expect(Object.keys(attribute.properties ?? {})).toEqual([
      "name",
      "type",
      "format",
      "set",
      "mask",
      "hidden",
    ]);
  });

  test("accepts the example", () => {
    expect(faults(published, JSON.parse(reviews))).toEqual([]);
    expect(parseSchemaText(reviews, "reviews.json")).toMatchObject({
      table: "reviews",
      source: "Reviews",
      key: { hash: "User", range: "Book" },
    });
  });

  test.each<[string, (file: { [name: string]: Json }) => Json, string]>([
    ["no table", ({ table: _, ...rest }) => rest, "table"],
    ["a table with a capital letter", (file) => ({ ...file, table: "Reviews" }), "table"],
    ["a misspelt member", (file) => ({ ...file, atributes: {} }), "atributes"],
    ["no partition key", (file) => ({ ...file, key: { range: "Book" } }), "key.hash"],
    ["attributes in a list", (file) => ({ ...file, attributes: [] }), "attributes"],
    ["a type that is no text", (file) => ({ ...file, attributes: { a: { type: 5 } } }), "attributes.a.type"],
    ["an unknown mask", (file) => ({ ...file, attributes: { a: { mask: "md5" } } }), "attributes.a.mask"],
    [
      "an unknown format",
      (file) => ({ ...file, attributes: { a: { format: "unix" } } }),
      "attributes.a.format",
    ],
    [
      "a column name with a blank",
      (file) => ({ ...file, attributes: { a: { name: "a b" } } }),
      "attributes.a.name",
    ],
    ["a condition that names none", (file) => ({ ...file, where: { a: { not: [] } } }), "where.a.not"],
    [
      "a condition that rules out what it does not know",
      (file) => ({ ...file, where: { a: { not: [{ exists: true }] } } }),
      "where.a.not.0.exists",
    ],
    [
      "a condition that it does not know",
      (file) => ({ ...file, where: { a: { contains: "x" } } }),
      "where.a.contains",
    ],
    ["an empty source", (file) => ({ ...file, source: "" }), "source"],
  ])("refuses %s, at its place", (_, changed, place) => {
    expect(faults(published, changed(JSON.parse(reviews)))).toEqual([place]);
  });

  test("accepts every schema file that dynalake accepts", () => {
    const nearly = fc
      .tuple(itemAndSchema({ masks: "some" }), fc.array(fc.nat(), { maxLength: 4 }), fc.option(hostileJson))
      .map(([{ file }, choices, json]) => {
        const whole = JSON.parse(JSON.stringify(file)) as Json;
        return json === null ? whole : mutated(whole, choices, json);
      });
    fc.assert(
      fc.property(nearly, (json) => {
        if (accepted(json)) expect(faults(published, json)).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });
});

function accepted(json: Json): boolean {
  try {
    parseSchema(json, "a");
    return true;
  } catch {
    return false;
  }
}

function subschemas(schema: JsonSchema): readonly JsonSchema[] {
  const below = [
    ...Object.values(schema.properties ?? {}),
    schema.additionalProperties,
    schema.propertyNames,
    schema.items,
  ];
  return [schema, ...below.filter((each) => typeof each === "object").flatMap(subschemas)];
}

/** The places where the value violates the schema (JSON Schema 2020-12, the keywords above). */
function faults(schema: JsonSchema, value: Json, place = ""): readonly string[] {
  if (schema.type === "array") {
    if (!Array.isArray(value) || value.length < (schema.minItems ?? 0)) return [place];
    return value.flatMap((each, i) => faults(schema.items ?? {}, each, `${place}.${i}`));
  }
  if (schema.type === "object") {
    if (typeof value !== "object" || value === null || Array.isArray(value)) return [place];
    return memberFaults(schema, value as { readonly [name: string]: Json }, place);
  }
  if (schema.type !== undefined && typeof value !== schema.type) return [place];
  if (typeof value !== "string") return [];
  const length = [...value].length;
  const fits =
    (schema.pattern === undefined || new RegExp(schema.pattern, "u").test(value)) &&
    (schema.enum?.includes(value) ?? true) &&
    length >= (schema.minLength ?? 0) &&
    length <= (schema.maxLength ?? Number.POSITIVE_INFINITY);
  return fits ? [] : [place];
}

function memberFaults(
  schema: JsonSchema,
  object: { readonly [name: string]: Json },
  place: string,
): readonly string[] {
  const at = (name: string): string => (place === "" ? name : `${place}.${name}`);
  const missing = (schema.required ?? []).filter((name) => !Object.hasOwn(object, name)).map(at);
  const wrong = Object.entries(object).flatMap(([name, member]) => {
    const known = Object.hasOwn(schema.properties ?? {}, name) ? schema.properties?.[name] : undefined;
    const rule = known ?? schema.additionalProperties;
    return rule === false ? [at(name)] : rule === undefined ? [] : faults(rule, member, at(name));
  });
  const members = Object.keys(object).length;
  const fits =
    members >= (schema.minProperties ?? 0) && members <= (schema.maxProperties ?? Number.POSITIVE_INFINITY);
  return [...missing, ...wrong, ...(fits ? [] : [place])];
}
