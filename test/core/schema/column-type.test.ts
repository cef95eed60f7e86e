/** Column types: parsing, and the two ways to write them. */
import { describe, expect, test } from "@jest/globals";
import {
  type ColumnType,
  columnTypeText,
  InvalidType,
  parseColumnType,
  schemaTypeText,
} from "../../../src/core/schema/column-type.ts";
import { anyCharacter } from "../../arbitraries/character.ts";
import { typeText } from "../../arbitraries/schema.ts";
import * as fc from "../../support/fast-check.ts";

describe("parseColumnType", () => {
  test.each<[string, ColumnType]>([
    ["string", { kind: "string" }],
    [" BigInt ", { kind: "bigint" }],
    ["decimal(10,2)", { kind: "decimal", precision: 10, scale: 2 }],
    ["DECIMAL( 38 , 0 )", { kind: "decimal", precision: 38, scale: 0 }],
    ["json", { kind: "json" }],
    ["array<double>", { kind: "array", element: { kind: "double" } }],
    ["map< string , array<date> >", { kind: "map", value: { kind: "array", element: { kind: "date" } } }],
    [
      "struct<Year:int,pages : bigint>",
      {
        kind: "struct",
        fields: [
          { attribute: "Year", name: "year", type: { kind: "int" } },
          { attribute: "pages", name: "pages", type: { kind: "bigint" } },
        ],
      },
    ],
  ])("reads %s", (text, type) => {
    expect(parseColumnType(text)).toEqual(type);
  });

  test.each([
    ...[
      "",
      " ",
      "text",
      "integer",
      "int int",
      "int>",
      "array",
      "array<",
      "array<int",
      "array<>",
      "array<int>>",
    ],
    ...[
      "map<int,string>",
      "map<string>",
      "map<string,int,int>",
      "struct<>",
      "struct<a>",
      "struct<a:>",
      "struct<a:int,>",
    ],
    ...[
      "struct<a b:int>",
      "struct<ä:int>",
      "array<json>",
      "struct<a:json>",
      "decimal",
      "decimal(39,0)",
      "decimal(0,0)",
    ],
    ...["decimal(5,6)", "decimal(10)", "decimal(1.5,0)", "decimal(-1,0)", "decimal(1e1,0)"],
  ])("refuses %j", (text) => {
    expect(() => parseColumnType(text)).toThrow(InvalidType);
  });

  test("refuses two fields that have one name in SQL, and names both", () => {
    expect(() => parseColumnType("struct<Year:int,YEAR:int>")).toThrow(/"Year".*"YEAR"/);
  });

  test("refuses types that are nested deeper than attributes can be", () => {
    const nested = (levels: number): string => `${"struct<a:".repeat(levels)}int${">".repeat(levels)}`;
    expect(parseColumnType(nested(32)).kind).toBe("struct");
    expect(() => parseColumnType(nested(33))).toThrow(InvalidType);
    expect(() => parseColumnType(nested(20_000))).toThrow(InvalidType);
  });

  test("refuses arrays and maps that are nested deeper than engines can plan, and tells what to declare", () => {
    const nested = (levels: number): string =>
      `${"array<struct<a:map<string,".repeat(levels / 2)}int${">>>".repeat(levels / 2)}`;
    expect(parseColumnType("array<struct<a:map<string,int>>>").kind).toBe("array");
    expect(parseColumnType(`${"array<".repeat(16)}int${">".repeat(16)}`).kind).toBe("array");
    expect(() => parseColumnType(`${"array<".repeat(17)}int${">".repeat(17)}`)).toThrow(/json/);
    expect(() => parseColumnType(nested(18))).toThrow(/16 levels/);
  });

  test("gives a type or throws InvalidType, whatever the text", () => {
    const token = fc.constantFrom(
      "<",
      ">",
      "(",
      ")",
      ",",
      ":",
      " ",
      "\n",
      "json",
      "int",
      "array",
      "map",
      "struct",
      "decimal",
      "string",
      "38",
      "ß",
      "\u0000",
      "x".repeat(400),
    );
    fc.assert(
      fc.property(
        fc.oneof(fc.string({ unit: token, maxLength: 12 }), fc.string({ unit: anyCharacter })),
        (text) => {
          try {
            parseColumnType(text);
          } catch (error) {
            expect(error).toBeInstanceOf(InvalidType);
          }
        },
      ),
      { numRuns: 1200 },
    );
  });
});

describe("the text of a type", () => {
  test("as schema files have it gives the same type back", () => {
    fc.assert(
      fc.property(typeText, (text) => {
        const type = parseColumnType(text);
        expect(schemaTypeText(type)).toBe(text);
        expect(parseColumnType(schemaTypeText(type))).toEqual(type);
      }),
      { numRuns: 500 },
    );
  });

  test("as Athena takes it is lower case and of the same shape; json is a string there", () => {
    fc.assert(
      fc.property(typeText, (text) => {
        const type = parseColumnType(text);
        expect(columnTypeText(type)).toBe(type.kind === "json" ? "string" : text.toLowerCase());
      }),
      { numRuns: 300 },
    );
  });
});
