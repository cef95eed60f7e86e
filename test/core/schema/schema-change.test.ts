/** Which changes of a schema an existing table allows. */
import { describe, expect, test } from "@jest/globals";
import {
  type AttributeFile,
  parseSchema,
  type Schema,
  type SchemaFile,
} from "../../../src/core/schema/schema.ts";
import { requireCompatible, schemaChange } from "../../../src/core/schema/schema-change.ts";
import { schemaFor } from "../../arbitraries/schema.ts";
import * as fc from "../../support/fast-check.ts";

const FILE: SchemaFile = {
  table: "orders",
  source: "Shop",
  key: { hash: "PK", range: "SK" },
  where: { SK: { beginsWith: "ORDER#" } },
  partitionBy: "month(placed)",
  attributes: {
    PK: { type: "string", name: "customer" },
    SK: { type: "string" },
    placed: { type: "timestamp", format: "epoch_seconds" },
    total: { type: "decimal(10,2)" },
    tags: { type: "array<string>", set: true },
    email: { mask: "sha256" },
    legacy: { mask: "drop" },
  },
};

const of = (file: SchemaFile): Schema => parseSchema(file, "a test");
const BEFORE = of(FILE);
const withAttributes = (
  changed: Record<string, AttributeFile | undefined>,
  more: Partial<SchemaFile> = {},
): Schema => {
  const attributes = Object.entries({ ...FILE.attributes, ...changed }).filter(
    ([, spec]) => spec !== undefined,
  );
  return of({ ...FILE, ...more, attributes: Object.fromEntries(attributes) as SchemaFile["attributes"] });
};

describe("a schema is compared with the one that a table's data was written with", () => {
  test("the same words in another order, and what editors read, are the same schema", () => {
    expect(schemaChange(BEFORE, BEFORE)).toEqual({ kind: "same" });
    const { attributes, ...rest } = FILE;
    const backwards = Object.fromEntries(Object.entries(attributes).reverse());
    const other = { attributes: backwards, ...rest, $schema: "./dynalake-table.schema.json" };
    expect(schemaChange(BEFORE, of(other))).toEqual({ kind: "same" });
  });

  test("what stands for the default changes nothing", () => {
    const spelled = withAttributes({ total: { type: "DECIMAL( 10, 2 )", name: "total", set: false } });
    expect(schemaChange(BEFORE, spelled)).toMatchObject({ kind: "compatible", added: [], widened: [] });
    const unbound = of({ table: "orders", key: { hash: "PK" }, attributes: {} });
    const bound = of({ table: "orders", source: "Orders", key: { hash: "PK" }, attributes: {} });
    expect(schemaChange(unbound, bound)).toMatchObject({ kind: "compatible", added: [], widened: [] });
  });

  test("columns of attributes that had none are added, and told by their names in SQL", () => {
    const more = withAttributes({ Note: { type: "string" }, when: { type: "date", name: "day" } });
    expect(schemaChange(BEFORE, more)).toMatchObject({
      kind: "compatible",
      added: ["note", "day"],
      widened: [],
    });
    expect(requireCompatible(BEFORE, more, "new.json")).toMatchObject({
      kind: "compatible",
      added: ["note", "day"],
    });
  });

  test.each<[string, Schema, RegExp]>([
    ["another table", of({ ...FILE, table: "other" }), /^table: .*"other"/],
    ["another source", of({ ...FILE, source: "Other" }), /^source: .*"Shop"/],
    ["another key", of({ ...FILE, key: { hash: "PK" } }), /^key: /],
    ["other items", of({ ...FILE, where: { SK: { beginsWith: "O#" } } }), /^where: /],
    ["all items", withAttributes({}, { where: undefined }), /^where: /],
    ["another cut", of({ ...FILE, partitionBy: "day(placed)" }), /^partitionBy: .*month\(placed\)/],
    ["no cut", of({ ...FILE, partitionBy: undefined }), /^partitionBy: /],
    ["a column less", withAttributes({ total: undefined }), /^attributes\.total: .*removed/],
    [
      "a narrower type",
      withAttributes({ total: { type: "decimal(11,1)" } }),
      /^attributes\.total\.type: .*decimal\(10,2\)/,
    ],
    [
      "another format",
      withAttributes({ placed: { type: "timestamp", format: "epoch_millis" } }),
      /^attributes\.placed\.format: .*epoch_seconds/,
    ],
    [
      "a list for a set",
      withAttributes({ tags: { type: "array<string>" } }),
      /^attributes\.tags\.set: .*from a set/,
    ],
    [
      "a mask over a column",
      withAttributes({ total: { mask: "sha256" } }),
      /^attributes\.total\.mask: .*stored unmasked/,
    ],
    [
      "a column that is dropped from now on",
      withAttributes({ total: { mask: "drop" } }),
      /^attributes\.total\.mask: .*stored unmasked/,
    ],
    [
      "a mask over what was undeclared",
      withAttributes({ secret: { mask: "sha256" } }),
      /^attributes\.secret\.mask: .*_unmapped/,
    ],
    [
      "an undeclared attribute that is dropped from now on",
      withAttributes({ secret: { mask: "drop" } }),
      /^attributes\.secret\.mask: .*_unmapped/,
    ],
    [
      "a mask less",
      withAttributes({ email: { type: "string" } }),
      /^attributes\.email\.mask: .*does not hold the values/,
    ],
    ["a mask by another way", withAttributes({ email: { mask: "drop" } }), /^attributes\.email\.mask: /],
    [
      "an attribute that is kept from now on",
      withAttributes({ legacy: { type: "string" } }),
      /^attributes\.legacy\.mask: .*does not hold the values/,
    ],
    [
      "an attribute that is kept in _unmapped from now on",
      withAttributes({ legacy: undefined }),
      /^attributes\.legacy\.mask: /,
    ],
  ])("%s is refused, with the place and the reason", (_, after, reason) => {
    const change = schemaChange(BEFORE, after);
    expect(change).toEqual({ kind: "refused", reasons: [expect.stringMatching(reason)] });
    expect(() => requireCompatible(BEFORE, after, "new.json")).toThrow(
      expect.objectContaining({
        code: "SCHEMA_INVALID",
        message: expect.stringMatching(/^new\.json cannot change the existing table "orders": /),
        next: expect.stringMatching(/another lake.*another `table`/),
      }),
    );
  });

  test("another name stays in files what it was, and is refused where the new schema is what there is at least", () => {
    const renamed = withAttributes({ total: { type: "decimal(10,2)", name: "sum" } });
    const change = schemaChange(BEFORE, renamed);
    expect(change).toMatchObject({ kind: "compatible", renamed: [{ from: "total", to: "sum" }] });
    const columns = change.kind === "compatible" ? change.schema.columns : [];
    expect(columns.find(({ attribute }) => attribute === "total")).toMatchObject({
      name: "total",
      label: "sum",
    });
    expect(schemaChange(BEFORE, renamed, "least")).toEqual({
      kind: "refused",
      reasons: ['attributes.total.name: it is already "total"'],
    });
  });

  const kinds: readonly (readonly [string, AttributeFile, string | undefined])[] = [
    ["a number becomes text", { type: "string" }, "total__string"],
    ["a decimal becomes a double", { type: "double" }, "total__double"],
    ["a number becomes json", { type: "json" }, "total__json"],
    [
      "a number becomes a moment",
      { type: "timestamp", format: "epoch_millis" },
      "total__timestamp_epoch_millis",
    ],
    ["a number becomes a list", { type: "array<int>" }, undefined],
    ["a number becomes narrower", { type: "int" }, undefined],
  ];
  test.each(kinds)("%s by order alone, if SQL can tell which values stay", (_, spec, name) => {
    const after = withAttributes({ total: spec });
    expect(schemaChange(BEFORE, after).kind).toBe("refused");
    expect(schemaChange(BEFORE, after, "least").kind).toBe("refused");
    const change = schemaChange(BEFORE, after, "order");
    expect(change.kind).toBe(name === undefined ? "refused" : "compatible");
    if (change.kind !== "compatible") return;
    expect(change.widened).toMatchObject([
      { attribute: "total", name, from: "decimal(10,2)", otherKind: true },
    ]);
    // Whoever has that schema already says where the values of before are, and one of before cannot undo the order.
    expect(schemaChange(BEFORE, change.schema).kind).toBe("compatible");
    expect(schemaChange(change.schema, BEFORE).kind).toBe("refused");
  });

  test("a format of before is remembered with its column", () => {
    const before = of({ ...FILE, partitionBy: undefined });
    const placed = { ...FILE.attributes.placed, format: "epoch_millis" as const };
    const after = of({ ...FILE, partitionBy: undefined, attributes: { ...FILE.attributes, placed } });
    const change = schemaChange(before, after, "order");
    const [column] =
      change.kind === "compatible"
        ? change.schema.columns.filter(({ attribute }) => attribute === "placed")
        : [];
    expect(column).toMatchObject({
      format: "epoch_millis",
      earlier: [{ name: "placed", type: { kind: "timestamp" }, format: "epoch_seconds" }],
    });
  });

  test("everything that is wrong is told at once", () => {
    const after = withAttributes({ total: undefined, tags: { type: "array<int>", set: true } });
    expect(schemaChange(BEFORE, after)).toMatchObject({
      kind: "refused",
      reasons: [/total/, /tags/].map((place) => expect.stringMatching(place)),
    });
  });

  test("any schema is compatible with itself and more, and the way back is refused", () => {
    fc.assert(
      fc.property(schemaFor([], { masks: "some" }), (file) => {
        const before = of(file);
        const after = of({ ...file, attributes: { ...file.attributes, "one more": { type: "json" } } });
        fc.pre(
          !Object.hasOwn(file.attributes, "one more") &&
            !before.columns.some(({ name }) => name === "one_more"),
        );
        expect(schemaChange(before, after)).toMatchObject({
          kind: "compatible",
          added: ["one_more"],
          widened: [],
        });
        expect(schemaChange(after, before).kind).toBe("refused");
      }),
    );
  });
});
