/** A schema that a sample suggested holds for all items, or is replaced: the value that decides may be in the last item. */
import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { gzipSync } from "node:zlib";
import { expect, test } from "@jest/globals";
import { inferredSchema } from "../../src/core/infer/infer.ts";
import { ATTRIBUTES_MAX, type Inference, inferenceOf, observe } from "../../src/core/infer/inference.ts";
import { addSightings, grownTo, type Sightings, sightingsOf } from "../../src/core/infer/sightings.ts";
import { columnCodec } from "../../src/core/row/column.ts";
import { Inexact } from "../../src/core/row/encoding.ts";
import { rowCodec } from "../../src/core/row/row.ts";
import { lineWriter } from "../../src/core/row/wire-line.ts";
import { parseSchema, type SchemaFile } from "../../src/core/schema/schema.ts";
import { type AttributeValue, type Item, readItem } from "../../src/core/values/attribute-value.ts";
import { transcodePart } from "../../src/transcode/transcode.ts";
import { attributeValue, item } from "../arbitraries/item.ts";
import { allEffort } from "../support/effort.ts";
import * as fc from "../support/fast-check.ts";

const TABLE = { table: "t", source: "T", key: { hash: "id" } };

test("a sample's schema is kept only if no value of any item is less exact by it than by that of all items", async () => {
  const rows = fc
    .array(fc.tuple(item, fc.record({ a: attributeValue, b: attributeValue }, { requiredKeys: [] })), {
      minLength: 1,
      maxLength: 12,
    })
    .map((pairs) => pairs.map(([any, few], i) => readItem({ ...any, ...few, id: { S: String(i) } } as Item)));
  await fc.assert(
    fc.asyncProperty(rows, fc.nat(12), async (items, sampled) => {
      const sample = observed(items.slice(0, sampled));
      const guess = inferredSchema(sample, TABLE).file;
      const grown = inferredSchema(grownTo(sample, await seen(items, guess)), TABLE).file;
      if (!sameColumns(grown, guess)) return;
      const whole = inferredSchema(observed(items), TABLE).file;
      const kept = inexactOf(items, guess);
      const best = inexactOf(items, whole);
      for (const attribute of kept) expect(best).toContain(attribute);
    }),
    { numRuns: allEffort ? 1000 : 200 },
  );
}, 300_000);

test.each([
  ["cents", { price: { N: "29.99" } }, { price: { type: "decimal(38,4)" } }],
  ["a new attribute", { price: { N: "1" }, coupon: { S: "x" } }, { coupon: { type: "string" } }],
  ["another form of a time", { price: { N: "1" }, at: { S: "2024" } }, { at: { type: "string" } }],
  [
    "a new member",
    { price: { N: "1" }, to: { M: { city: { S: "x" }, zip: { S: "1" } } } },
    { to: { type: "struct<city:string,zip:string>" } },
  ],
])("%s in the last of many items decides", async (_, last, wanted) => {
  const usual: Item = { price: { N: "1" }, at: { S: "2024-01-01" }, to: { M: { city: { S: "x" } } } };
  const items = Array.from({ length: 500 }, (_, i): Item => ({ id: { S: `${i}` }, ...usual }));
  const all = [...items, readItem({ ...usual, ...last, id: { S: "last" } })];
  const sample = observed(items);
  const guess = inferredSchema(sample, TABLE).file;
  expect(sameColumns(inferredSchema(grownTo(sample, await seen(items, guess)), TABLE).file, guess)).toBe(
    true,
  );
  const grown = inferredSchema(grownTo(sample, await seen(all, guess)), TABLE).file;
  expect(grown.attributes).toMatchObject(wanted);
});

test("what does not change a schema costs no second look: NULLs, rare misfits and values of a json column", async () => {
  const items = Array.from(
    { length: 400 },
    (_, i): Item => ({
      id: { S: `${i}` },
      note: i % 2 === 0 ? { S: "x" } : { N: "1" },
      price: { N: i === 7 ? `1${"0".repeat(60)}` : "12.29" },
      often: i % 3 === 0 ? { NULL: true } : { S: "x" },
      rarely: i % 50 === 0 ? { N: "1" } : { S: "x" },
      map: { M: { a: { S: "x" }, ...(i % 2 === 0 ? { b: { NULL: true } } : { b: { N: "1" } }) } },
    }),
  );
  const sample = observed(items.slice(0, 200));
  const guess = inferredSchema(sample, TABLE).file;
  const grown = inferredSchema(grownTo(sample, await seen(items, guess)), TABLE);
  expect(sameColumns(grown.file, guess)).toBe(true);
  expect(grown.undecided).toContainEqual({
    attribute: "rarely",
    outcome: "inexact",
    why: "8 of 400 values are not of type string; what does not fit is kept in _unmapped",
  });
  expect(grown.undecided).toContainEqual({
    attribute: "price",
    outcome: "inexact",
    why: "1 of 400 numbers does not fit decimal(38,4), and no decimal type fits all of them; what does not fit is kept in _unmapped",
  });
});

test("names that are data take bounded memory, and what columns do not give back is seen among them", async () => {
  const guess: SchemaFile = {
    table: "t",
    key: TABLE.key,
    attributes: { id: { type: "string" }, "10-digit zip code, as text": { type: "string", name: "zip" } },
  };
  const items = Array.from({ length: 3 * ATTRIBUTES_MAX }, (_, i) =>
    readItem({
      id: { S: `${i}` },
      [`name${i}`]: { S: "x" },
      "10-digit zip code, as text": i === 7 ? { N: "1" } : { S: "1" },
    }),
  );
  const { attributes, forgetful } = (await seen(items, guess)).misfits;
  expect(attributes.size).toBeLessThanOrEqual(2 * ATTRIBUTES_MAX);
  expect(forgetful).toBe(true);
  expect(attributes.get("10-digit zip code, as text")?.counts).toEqual({ N: 1 });
});

function observed(items: readonly Item[]): Inference {
  const inference = inferenceOf(TABLE.key);
  for (const each of items) observe(inference, each);
  return inference;
}

/** What is seen of the items, in two files, while they are written by the schema. */
async function seen(items: readonly Item[], file: SchemaFile): Promise<Sightings> {
  const schema = parseSchema(file, "the guess");
  const writer = lineWriter(rowCodec(schema));
  const all = sightingsOf(schema);
  const half = Math.floor(items.length / 2);
  for (const part of [items.slice(0, half), items.slice(half)]) {
    const lines = part.map((Item) => `${JSON.stringify({ Item })}\n`).join("");
    const bytes = gzipSync(lines);
    const md5 = createHash("md5").update(bytes).digest("base64");
    const facts = { name: "data", itemCount: part.length, md5 };
    const { sightings } = await transcodePart(writer, facts, Readable.from([bytes]), async () => undefined, {
      sees: true,
    });
    addSightings(all, sightings as Sightings);
  }
  expect(all.items).toBe(items.length);
  return all;
}

function sameColumns(one: SchemaFile, other: SchemaFile): boolean {
  const text = ({ attributes }: SchemaFile): string =>
    JSON.stringify(Object.entries(attributes).sort(([a], [b]) => (a < b ? -1 : 1)));
  return text(one) === text(other);
}

test.each<[string, SchemaFile["where"]]>([
  ["by bytes", undefined],
  // A condition that no bytes can meet.
  ["parsed", { id: { not: [{ equals: "\ud800" }] } }],
])("what never enters the lake is in no summary of lines that are read %s", async (_, where) => {
  const file: SchemaFile = {
    ...TABLE,
    ...(where === undefined ? {} : { where }),
    attributes: { id: { type: "string" }, n: { type: "int" }, secret: { mask: "drop" } },
  };
  const secrets: readonly AttributeValue[] = [
    { S: "x" },
    { N: "1E+40" },
    { M: { a: { L: [{ BOOL: true }] } } },
  ];
  const items = secrets.flatMap((secret, i) =>
    [{ N: "5" }, { N: "1.50" }, { S: 'a "quote" \u00e9' }].map(
      (n, k): Item => readItem({ id: { S: `${i} ${k}` }, n, secret, more: secret }),
    ),
  );
  const { counts, misfits } = await seen(items, file);
  expect([...counts.keys()].sort()).toEqual(["id", "n"]);
  expect([...misfits.attributes.keys()].sort()).toEqual(["more", "n"]);
});

/** The attributes that have a value which their column does not give back, or no column. */
function inexactOf(items: readonly Item[], file: SchemaFile): readonly string[] {
  const columns = new Map(parseSchema(file, "test").columns.map((column) => [column.attribute, column]));
  const names = items.flatMap((each) =>
    Object.entries(each)
      .filter(([attribute, value]) => {
        if ("NULL" in value) return false;
        const column = columns.get(attribute);
        return column === undefined || columnCodec(column, undefined).encode(value) instanceof Inexact;
      })
      .map(([attribute]) => attribute),
  );
  return [...new Set(names)];
}
