import { describe, expect, test } from "@jest/globals";
import {
  type AttributeValue,
  type Item,
  itemText,
  readAttributeValue,
  readItem,
  UnreadableValue,
  valueText,
} from "../../../src/core/values/attribute-value.ts";
import { recordedItem, valueStyle } from "../../arbitraries/change.ts";
import { attributeName, attributeValue, base64, item, numberText, text } from "../../arbitraries/item.ts";
import { deepJsonText, hostileJson, mutated } from "../../arbitraries/json.ts";
import { compareModel, equalNumbers, type ModelNumber, modelNumber } from "../../arbitraries/number-model.ts";
import * as fc from "../../support/fast-check.ts";

describe("readItem", () => {
  test("keeps every attribute of every item: names, types and values", () => {
    fc.assert(
      fc.property(item, (written) => {
        expect(sameItem(readItem(written), written)).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });

  test("leaves what it has read as it is, and does not copy it", () => {
    fc.assert(
      fc.property(item, (written) => {
        const once = readItem(written);
        expect(readItem(once)).toBe(once);
      }),
      { numRuns: 500 },
    );
  });

  test("does not change what it reads", () => {
    fc.assert(
      fc.property(item, valueStyle, (written, style) => {
        const recorded = recordedItem(written, style);
        const before = JSON.stringify(recorded);
        readItem(recorded);
        expect(JSON.stringify(recorded)).toBe(before);
      }),
      { numRuns: 300 },
    );
  });

  test("takes nulls beside the real type, NULL: false and repeated set members for what they mean", () => {
    fc.assert(
      fc.property(item, valueStyle, (written, style) => {
        expect(readItem(recordedItem(written, style))).toEqual(readItem(written));
      }),
      { numRuns: 500 },
    );
  });

  test("takes an item that all ten type keys surround", () => {
    const ten = {
      S: null,
      N: null,
      B: null,
      SS: null,
      NS: null,
      BS: null,
      M: null,
      L: null,
      NULL: null,
      BOOL: null,
    };
    expect(
      readItem({
        s: { ...ten, S: "" },
        no: { ...ten, BOOL: false },
        none: { ...ten, NULL: true },
        inside: { ...ten, L: [{ ...ten, M: { n: { ...ten, N: "1.0" } } }] },
      }),
    ).toEqual({
      s: { S: "" },
      no: { BOOL: false },
      none: { NULL: true },
      inside: { L: [{ M: { n: { N: "1" } } }] },
    });
  });

  test.each([[{ NULL: false }], [{ NULL: true }], [{ S: null, NULL: false, BOOL: null }]])(
    "%j is a null",
    (recorded) => {
      expect(readAttributeValue(recorded)).toEqual({ NULL: true });
    },
  );

  test("NULL: false beside a real type does not count", () => {
    expect(readAttributeValue({ NULL: false, S: "x" })).toEqual({ S: "x" });
    expect(readAttributeValue({ N: "5", NULL: false })).toEqual({ N: "5" });
  });

  test("gives sets in order and without repeats, numbers by their value", () => {
    expect(readAttributeValue({ NS: ["10", "9", "1.0", "1", "-2", "1E1"] })).toEqual({
      NS: ["-2", "1", "9", "10"],
    });
    expect(readAttributeValue({ SS: ["b", "a", "b"] })).toEqual({ SS: ["a", "b"] });
    expect(readAttributeValue({ BS: ["AB==", "AA==", "AAA="] })).toEqual({ BS: ["AA==", "AAA="] });
  });

  test("a set of numbers reads the same whatever their order and notation", () => {
    fc.assert(
      fc.property(fc.array(numberText, { maxLength: 6 }), (members) => {
        const read = readAttributeValue({ NS: members }) as { readonly NS: readonly string[] };
        expect(readAttributeValue({ NS: [...members].reverse() })).toEqual(read);
        for (const [i, next] of read.NS.slice(1).entries()) {
          const order = compareModel(modelOf(read.NS[i] as string), modelOf(next));
          expect(order).toBe(-1);
        }
        for (const written of members) expect(read.NS.some((one) => equalNumbers(one, written))).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  test("binary values have one base64 text, whatever the unused bits say", () => {
    fc.assert(
      fc.property(base64, fc.nat(15), (canonical, bits) => {
        const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        const unused = canonical.endsWith("==") ? 15 : canonical.endsWith("=") ? 3 : 0;
        const at = canonical.replace(/=+$/, "").length - 1;
        const digit = digits.charAt(digits.indexOf(canonical.charAt(at)) | (bits & unused));
        const written = unused === 0 ? canonical : canonical.slice(0, at) + digit + canonical.slice(at + 1);
        expect(readAttributeValue({ B: written })).toEqual({ B: canonical });
      }),
      { numRuns: 300 },
    );
  });

  test("takes a binary value of many megabytes", () => {
    const large = "AAAA".repeat(4_000_000);
    expect(readAttributeValue({ B: large })).toEqual({ B: large });
  });

  test("refuses numbers that are JSON numbers: JSON.parse may have rounded them", () => {
    for (const raw of ['{"N":4503599627370497.4}', '{"N":1.00000000000000000001}', '{"N":42}'])
      expect(() => readAttributeValue(JSON.parse(raw))).toThrow(UnreadableValue);
    expect(() => readAttributeValue({ NS: [1, "2"] })).toThrow(UnreadableValue);
  });

  test.each<[unknown]>([
    [null],
    ["text"],
    [5],
    [[]],
    [{}],
    [{ S: null }],
    [{ X: "1" }],
    [{ s: "lower" }],
    [{ S: "a", N: "1" }],
    [{ NULL: true, BOOL: true }],
    [{ S: 5 }],
    [{ S: "\ud800" }],
    [{ N: "five" }],
    [{ N: "" }],
    [{ N: true }],
    [{ N: "1E600" }],
    [{ B: "A" }],
    [{ B: "AA=" }],
    [{ B: "A===" }],
    [{ B: "AA==AAAA" }],
    [{ B: "AA-_" }],
    [{ B: "AAAA\n" }],
    [{ B: [0] }],
    [{ BOOL: "true" }],
    [{ BOOL: 1 }],
    [{ NULL: "true" }],
    [{ NULL: 0 }],
    [{ SS: "a" }],
    [{ SS: [1] }],
    [{ SS: { 0: "a" } }],
    [{ NS: ["1", "x"] }],
    [{ NS: [null] }],
    [{ BS: ["*"] }],
    [{ L: {} }],
    [{ L: ["a"] }],
    [{ L: [null] }],
    [{ M: [] }],
    [{ M: "{}" }],
    [{ M: { a: "b" } }],
    [{ M: { "\udc00": { S: "" } } }],
  ])("%j is no attribute value", (raw) => {
    expect(() => readAttributeValue(raw)).toThrow(UnreadableValue);
  });

  test.each<[unknown]>([[null], [undefined], [[]], ["{}"], [1], [{ a: null }], [{ "\ud83d": { S: "" } }]])(
    "%j is no item",
    (raw) => {
      expect(() => readItem(raw)).toThrow(UnreadableValue);
    },
  );

  test("gives an item or throws UnreadableValue, whatever it is given", () => {
    const nearlyItem = fc
      .tuple(item, fc.array(fc.nat(), { maxLength: 5 }), hostileJson)
      .map(([written, choices, replacement]) => mutated(recordedItem(written, PLAIN), choices, replacement));
    const deep = deepJsonText.map((json): unknown => ({ a: JSON.parse(json) }));
    fc.assert(
      fc.property(fc.oneof({ weight: 6, arbitrary: nearlyItem }, hostileJson, deep), (raw) => {
        const read = itemOrReason(raw);
        if (typeof read !== "string") expect(readItem(read)).toBe(read);
      }),
      { numRuns: 1000 },
    );
  });

  test("says why without quoting a value", () => {
    const secret = "geheim";
    for (const raw of [
      { S: { geheim: 1 } },
      { N: secret },
      { B: `${secret}*` },
      { geheim: secret },
      { SS: [secret, 5] },
      { L: [secret] },
    ]) {
      const reason = itemOrReason({ geheim: raw });
      expect(typeof reason).toBe("string");
      expect(reason).not.toContain(secret);
    }
  });

  test("takes 32 levels of nesting, and refuses a nesting that no stack could follow", () => {
    const nested = (levels: number): unknown => {
      let value: unknown = { S: "" };
      for (let level = 0; level < levels; level++)
        value = level % 2 === 0 ? { L: [value] } : { M: { a: value } };
      return value;
    };
    expect(valueText(readAttributeValue(nested(32)))).toBe(JSON.stringify(nested(32)));
    expect(() => readAttributeValue(nested(100_000))).toThrow(UnreadableValue);
  });
});

test("the text of a value that has no parts is what JSON.stringify writes, which takes longer", () => {
  fc.assert(
    fc.property(attributeValue, (written) => {
      const value = readAttributeValue(written);
      if (!("M" in value) && !("L" in value)) expect(valueText(value)).toBe(JSON.stringify(value));
    }),
    { numRuns: 1000 },
  );
});

describe("itemText", () => {
  test("is DynamoDB JSON of the item", () => {
    fc.assert(
      fc.property(item, (written) => {
        const read = readItem(written);
        expect(readItem(JSON.parse(itemText(read)))).toEqual(read);
      }),
      { numRuns: 500 },
    );
  });

  test("is the same for equal items, in whatever order and notation they are written", () => {
    fc.assert(
      fc.property(item, valueStyle, (written, style) => {
        const other = readItem(reversed(recordedItem(written, style)));
        expect(itemText(other)).toBe(itemText(readItem(written)));
      }),
      { numRuns: 500 },
    );
  });

  test("differs for items that differ", () => {
    fc.assert(
      fc.property(attributeValue, attributeValue, attributeName, (a, b, name) => {
        const [readA, readB] = [readAttributeValue(a), readAttributeValue(b)];
        const texts = [readA, readB].map((value) => itemText(Object.fromEntries([[name, value]])));
        expect(texts[0] === texts[1]).toBe(sameValue(readA, readB));
      }),
      { numRuns: 500 },
    );
  });

  test("has one line, whatever the strings hold", () => {
    fc.assert(
      fc.property(text, (S) => {
        expect(itemText({ [S]: { S } })).not.toMatch(/[\n\r]/);
      }),
      { numRuns: 300 },
    );
  });
});

const PLAIN = { nulls: "none", nullAsFalse: false, repeatedMembers: false } as const;

function itemOrReason(raw: unknown): Item | string {
  try {
    return readItem(raw);
  } catch (error) {
    if (error instanceof UnreadableValue) return error.message;
    throw error;
  }
}

function modelOf(number: string): ModelNumber {
  return modelNumber(number) as ModelNumber;
}

/** The value with all attributes and map members in reverse order. */
function reversed(json: unknown): unknown {
  if (typeof json !== "object" || json === null || Array.isArray(json)) return json;
  const entries = Object.entries(json).reverse();
  return Object.fromEntries(entries.map(([name, member]) => [name, reversed(member)]));
}

/** Equality of items as DynamoDB defines it: numbers by value, sets without order. */
function sameItem(a: Item, b: Item): boolean {
  const [namesA, namesB] = [Object.keys(a), Object.keys(b)];
  return (
    namesA.length === namesB.length &&
    namesA.every(
      (name) => Object.hasOwn(b, name) && sameValue(a[name] as AttributeValue, b[name] as AttributeValue),
    )
  );
}

function sameValue(a: AttributeValue, b: AttributeValue): boolean {
  const [[typeA = "", contentA] = [], [typeB = "", contentB] = []] = [
    Object.entries(a)[0],
    Object.entries(b)[0],
  ];
  if (typeA !== typeB) return false;
  const same = (one: string, other: string): boolean =>
    typeA.startsWith("N") ? equalNumbers(one, other) : one === other;
  switch (typeA) {
    case "L":
      return sameElements(
        contentA as readonly AttributeValue[],
        contentB as readonly AttributeValue[],
        sameValue,
      );
    case "M":
      return sameItem(contentA as Item, contentB as Item);
    case "SS":
    case "NS":
    case "BS":
      return sameMembers(contentA as readonly string[], contentB as readonly string[], same);
    case "BOOL":
    case "NULL":
      return contentA === contentB;
    default:
      return same(contentA as string, contentB as string);
  }
}

function sameElements<T>(a: readonly T[], b: readonly T[], same: (one: T, other: T) => boolean): boolean {
  return a.length === b.length && a.every((one, i) => same(one, b[i] as T));
}

function sameMembers(
  a: readonly string[],
  b: readonly string[],
  same: (one: string, other: string) => boolean,
): boolean {
  const within = (some: readonly string[], all: readonly string[]): boolean =>
    some.every((one) => all.some((other) => same(one, other)));
  return within(a, b) && within(b, a);
}
