/** Whatever items hold, and however often the schema follows them: it is one that can be read, and that the table may take. */
import { expect, test } from "@jest/globals";
import { followedEdit } from "../../../src/aws/steps/follow-deployed-data.ts";
import { initialManifest } from "../../../src/core/format/manifest.ts";
import { grownSchema } from "../../../src/core/infer/evolved-schema.ts";
import { INFERRED_COLUMNS_MAX, inferredSchema } from "../../../src/core/infer/infer.ts";
import { observeValue, type Shape, type ShapeKind, shapeOf } from "../../../src/core/infer/infer-shape.ts";
import { inferenceOf, observe } from "../../../src/core/infer/inference.ts";
import { wantedColumns } from "../../../src/core/infer/wanted-columns.ts";
import { columnCodec } from "../../../src/core/row/column.ts";
import { Inexact } from "../../../src/core/row/encoding.ts";
import { parseSchema, parseStoredSchema, type Schema } from "../../../src/core/schema/schema.ts";
import { schemaChange } from "../../../src/core/schema/schema-change.ts";
import { type AttributeValue, type Item, readItem } from "../../../src/core/values/attribute-value.ts";
import { attributeName, attributeValue, item } from "../../arbitraries/item.ts";
import * as fc from "../../support/fast-check.ts";

const KEY = { hash: "id" };

function inferredFrom(items: readonly Item[]): Schema {
  const inference = inferenceOf(KEY);
  for (const each of items) observe(inference, each);
  return parseSchema(inferredSchema(inference, { table: "t", source: "T", key: KEY }).file, "inferred");
}

/** What the items hold and no column of the schema gives back. */
function seen(schema: Schema, items: readonly Item[]) {
  const columns = new Map(schema.columns.map((column) => [column.attribute, column]));
  const misfits = new Map<string, Shape>();
  const counts = new Map<string, Shape["counts"]>();
  for (const each of items)
    for (const [attribute, value] of Object.entries(each)) {
      const column = columns.get(attribute);
      const [kind = "NULL"] = Object.keys(value) as ShapeKind[];
      if (column !== undefined) {
        const known = counts.get(attribute) ?? {};
        counts.set(attribute, { ...known, [kind]: (known[kind] ?? 0) + 1 });
        if (!(columnCodec(column, undefined).encode(value) instanceof Inexact)) continue;
      }
      const shape = misfits.get(attribute) ?? shapeOf();
      observeValue(shape, value);
      misfits.set(attribute, shape);
    }
  return { misfits, counts };
}

type Way = "snapshot" | "compaction" | "deployed";

/** The table's schema after items like these, on the columns of its files. */
function followed(schema: Schema, items: readonly Item[], way: Way): Schema {
  const { misfits, counts } = seen(schema, items);
  if (way === "deployed") {
    const manifest = { ...initialManifest(1), sequence: 1, schema: schema.file };
    const columns = wantedColumns(schema, { misfits });
    return followedEdit({ schema, manifest }, { columns })?.schema ?? schema;
  }
  const grown = grownSchema(schema, way === "snapshot" ? { misfits, counts } : { misfits });
  if (grown === undefined) return schema;
  const given = parseSchema(grown.file, "grown");
  if (way === "snapshot") return given;
  const change = schemaChange(schema, given);
  if (change.kind !== "compatible") throw new Error(`what follows the data is ${change.kind}`);
  return change.schema;
}

function expectReadable(schema: Schema): void {
  const { columns } = parseStoredSchema(JSON.parse(JSON.stringify(schema.file)), "stored");
  expect(columns).toEqual(schema.columns);
  expect(columns.length).toBeLessThanOrEqual(INFERRED_COLUMNS_MAX);
}

const leaf = fc.oneof(
  fc.constantFrom("x", "2024-02-29").map((S): AttributeValue => ({ S })),
  fc.constantFrom("1", "0.25", "1E+60").map((N): AttributeValue => ({ N })),
  fc.constantFrom<AttributeValue>({ BOOL: true }, { NULL: true }, { L: [] }, { M: {} }),
  fc.constantFrom<AttributeValue>({ SS: ["a"] }, { NS: ["1", "2.5"] }, { BS: ["AA=="] }),
);
const memberName = fc.constantFrom(
  "a",
  "b",
  "A",
  "Ab",
  "aB",
  "select",
  "struct",
  "string",
  "_1",
  "1",
  "a b",
  "ä",
);
/** As deep as a column's type may be, or a little less or more. */
const deep = fc
  .tuple(
    leaf,
    fc.array(fc.option(memberName, { nil: undefined }), { minLength: 12, maxLength: 18, size: "max" }),
  )
  .map(([innermost, levels]) =>
    levels.reduce<AttributeValue>(
      (inner, name) => (name === undefined ? { L: [inner] } : { M: { [name]: inner } }),
      innermost,
    ),
  );
const map = (value: fc.Arbitrary<AttributeValue>): fc.Arbitrary<AttributeValue> =>
  fc.dictionary(memberName, value, { maxKeys: 4 }).map((M) => ({ M }));
const list = (value: fc.Arbitrary<AttributeValue>): fc.Arbitrary<AttributeValue> =>
  fc.array(value, { maxLength: 3 }).map((L) => ({ L }));
const nested = fc.oneof(
  map(leaf),
  list(leaf),
  map(fc.oneof(leaf, map(leaf), deep)),
  list(map(leaf)),
  list(deep),
);
const value = fc.oneof(
  { weight: 2, arbitrary: attributeValue },
  { weight: 2, arbitrary: leaf },
  { weight: 3, arbitrary: nested },
  { weight: 1, arbitrary: deep },
);
const name = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom("a", "b", "c", "A", "price", "Price", "price__text") },
  fc.constantFrom(
    "price__decimal_23_4",
    "a__2",
    "a_2",
    "dt",
    "_op",
    "Größe",
    "grosse",
    "GRÖSSE",
    "ΟΔΟΣ",
    "İ",
    "i̇",
    "ъ",
  ),
  attributeName,
);
const fewNames = fc
  .array(fc.tuple(name, value), { maxLength: 6 })
  .map((entries): Item => Object.fromEntries(entries));
const batch = fc
  .array(fc.oneof({ weight: 4, arbitrary: fewNames }, { weight: 1, arbitrary: item }), { maxLength: 5 })
  .map((items) => items.map((each, i) => readItem({ ...each, id: { S: String(i) } })));
const later = fc.array(fc.tuple(fc.constantFrom<Way>("snapshot", "compaction", "deployed"), batch), {
  minLength: 1,
  maxLength: 4,
});

test("any items make a schema that can be read, and so do any that come later", () => {
  fc.assert(
    fc.property(batch, later, (first, rounds) => {
      let schema = inferredFrom(first);
      expectReadable(schema);
      for (const [way, items] of rounds) {
        schema = followed(schema, items, way);
        expectReadable(schema);
      }
    }),
    { numRuns: 1000 },
  );
}, 600_000);

test("so do as many attributes as a table may have, with names that fold alike", () => {
  const names = ["Straße", "STRASSE", "strasse", "Ünï", "uni", "日本", "a b", "a-b", "a_b"];
  const wide = (from: number, count: number): Item =>
    readItem({
      id: { S: "1" },
      ...Object.fromEntries(
        Array.from({ length: count }, (_, i) => [
          `${names[i % names.length]}${letters(from + Math.floor(i / names.length))}`,
          i % 3 === 0 ? { N: "0.5" } : { S: "x" },
        ]),
      ),
    });
  let schema = inferredFrom([wide(0, 470)]);
  for (const [way, from] of [
    ["compaction", 60],
    ["deployed", 70],
    ["snapshot", 80],
  ] as const) {
    schema = followed(schema, [wide(from, 90)], way);
    expectReadable(schema);
  }
  expect(schema.columns).toHaveLength(INFERRED_COLUMNS_MAX);
});

function letters(n: number): string {
  return [...String(n)].map((digit) => String.fromCharCode(103 + Number(digit))).join("");
}
