import { describe, expect, test } from "@jest/globals";
import {
  type AttributeValue,
  type Item,
  readAttributeValue,
  readItem,
} from "../../../src/core/values/attribute-value.ts";
import { sha256Half } from "../../../src/core/values/hash.ts";
import { type KeySchema, keyAttributes, keyHash, keyOf, sameKey } from "../../../src/core/values/key.ts";
import { item, keyedItem, keySchema, keyValue, merged, twoNotations } from "../../arbitraries/item.ts";
import * as fc from "../../support/fast-check.ts";

/** Similar keys with one or two values, which share prefixes or differ only in type. */
const closeValue: fc.Arbitrary<AttributeValue> = fc.oneof(
  keyValue,
  fc
    .string({
      unit: fc.constantFrom("a", "S", "N", "B", "\u0000", "\u0001", "é", "😀"),
      minLength: 1,
      maxLength: 4,
    })
    .map((S) => ({ S })),
  fc.constantFrom<AttributeValue>(
    { S: "1" },
    { N: "1" },
    { B: "AQ==" },
    { S: "AQ==" },
    { S: "10" },
    { N: "10" },
  ),
);
const key = fc
  .array(closeValue, { minLength: 1, maxLength: 2 })
  .map((values) => values.map(readAttributeValue));

describe("keyOf", () => {
  test("gives the key's values in the order of its attributes", () => {
    const keyed = keySchema.chain((schema) => fc.tuple(fc.constant(schema), keyedItem(schema)));
    fc.assert(
      fc.property(keyed, ([schema, written]) => {
        const read = readItem(written);
        expect(keyOf(schema, read)).toEqual(keyAttributes(schema).map((name) => read[name]));
      }),
      { numRuns: 300 },
    );
  });

  test("gives none where an attribute of the key is missing or of a type that no key has", () => {
    const noKey = fc.constantFrom<AttributeValue | undefined>(
      undefined,
      { BOOL: true },
      { NULL: true },
      { SS: ["a"] },
      { L: [] },
      { M: { S: { S: "a" } } },
    );
    fc.assert(
      fc.property(keySchema, item, noKey, fc.boolean(), (schema, attributes, value, first) => {
        const lacking = first || schema.range === undefined ? schema.hash : schema.range;
        const others = keyAttributes(schema).map((name) => [name, { S: "x" }] as const);
        const whole = merged(attributes, Object.fromEntries(others));
        const entries = Object.entries(whole).filter(([name]) => name !== lacking);
        const broken: Item = Object.fromEntries(
          value === undefined ? entries : [...entries, [lacking, value]],
        );
        expect(keyOf(schema, broken)).toBeUndefined();
      }),
      { numRuns: 300 },
    );
  });

  test.each(["constructor", "__proto__", "toString"])("an item without %s has no such key", (hash) => {
    expect(keyOf({ hash }, {})).toBeUndefined();
  });
});

describe("keyHash", () => {
  test("is equal for equal keys and different for different keys", () => {
    fc.assert(
      fc.property(key, key, (a, b) => {
        const same = JSON.stringify(a) === JSON.stringify(b);
        expect(sameKey(a, b)).toBe(same);
        expect(keyHash(a) === keyHash(b)).toBe(same);
      }),
      { numRuns: 2000 },
    );
  });

  test("is injective on many keys at once", () => {
    fc.assert(
      fc.property(fc.array(key, { minLength: 100, maxLength: 300, size: "max" }), (keys) => {
        const distinct = new Set(keys.map((one) => JSON.stringify(one)));
        expect(new Set(keys.map(keyHash)).size).toBe(distinct.size);
      }),
      { numRuns: 20 },
    );
  });

  test("does not confuse where one value ends and the next begins", () => {
    const cut = [
      [{ S: "ab" }, { S: "c" }],
      [{ S: "a" }, { S: "bc" }],
      [{ S: "abc" }],
      [{ S: "ab\u0000\u0000\u0000\u0001c" }],
      [{ S: "a" }, { N: "1" }],
      [{ N: "1" }, { S: "a" }],
    ];
    expect(new Set(cut.map(keyHash)).size).toBe(cut.length);
  });

  test("is equal for numbers that are written differently", () => {
    fc.assert(
      fc.property(twoNotations, ([a, b]) => {
        const [first, second] = [a, b].map((N) => [readAttributeValue({ N }), { S: "x" }]);
        expect(keyHash(first as never)).toBe(keyHash(second as never));
        expect(sameKey(first as never, second as never)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  test("is half a SHA-256 of type letter, byte length and bytes of each value", () => {
    fc.assert(
      fc.property(key, (values) => {
        expect(keyHash(values)).toBe(sha256Half(encoded(values)));
      }),
      { numRuns: 500 },
    );
  });

  test("takes keys of any length, and short ones after long ones", () => {
    const short = [{ S: "a" }];
    const before = keyHash(short);
    const long = [{ S: `${"a".repeat(10_000)}é` }, { S: "😀".repeat(300_000) }];
    expect(keyHash(long)).toBe(sha256Half(encoded(long)));
    expect(keyHash(short)).toBe(before);
  });

  test("stays what it was: the lake on disk depends on it", () => {
    expect(keyHash([{ S: "Ann" }, { N: "42" }])).toBe("e5423e60a386538d8b5a22816b2cc73b");
  });
});

test("a key without a sort key has one attribute", () => {
  const schema: KeySchema = { hash: "id" };
  expect(keyAttributes(schema)).toEqual(["id"]);
});

function encoded(values: readonly AttributeValue[]): Uint8Array {
  const parts = values.map((value) => {
    const [[type = "", content = ""] = []] = Object.entries(value) as [string, string][];
    const bytes = Buffer.from(content, "utf8");
    const header = Buffer.alloc(5);
    header.write(type, "latin1");
    header.writeUInt32BE(bytes.length, 1);
    return Buffer.concat([header, bytes]);
  });
  return Buffer.concat(parts);
}
