import { expect, test } from "@jest/globals";
import { type PartType, parseColumnType, schemaTypeText } from "../../../src/core/schema/column-type.ts";
import { mapLeaves } from "../../../src/core/schema/map-leaves.ts";
import { typeText } from "../../arbitraries/schema.ts";
import * as fc from "../../support/fast-check.ts";

const partType = typeText.map(parseColumnType).filter((type): type is PartType => type.kind !== "json");

test("each leaf of a type is replaced, and nothing else of it", () => {
  expect(
    schemaTypeText(
      mapLeaves(
        parseColumnType("array<map<string,struct<Price:decimal(4,2),at:date>>>") as PartType,
        ({ kind }) => ({ kind: kind === "decimal" ? "binary" : "int" }),
      ),
    ),
  ).toBe("array<map<string,struct<Price:binary,at:int>>>");
});

test("a type whose leaves stay is the same type", () => {
  fc.assert(
    fc.property(partType, (type) => {
      expect(mapLeaves(type, (leaf) => leaf)).toEqual(type);
    }),
  );
});
