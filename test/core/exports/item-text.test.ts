import { expect, test } from "@jest/globals";
import { Rejection } from "../../../src/core/change/change.ts";
import { readItemText } from "../../../src/core/exports/item-text.ts";
import { type AttributeValue, type Item, readItem } from "../../../src/core/values/attribute-value.ts";
import { item } from "../../arbitraries/item.ts";
import * as fc from "../../support/fast-check.ts";

type Spelling = Readonly<Record<string, string>>;

/** Of the older tools of Data Pipeline, and of the newer connector. */
const OLDER: Spelling = { SS: "sS", NS: "nS", BS: "bS", BOOL: "bOOL", NULL: "nULLValue" };
const NEWER: Spelling = { SS: "ss", NS: "ns", BS: "bs", BOOL: "bool", NULL: "null" };

function spelled(value: AttributeValue, spelling: Spelling): unknown {
  const [[type, content] = ["", null]] = Object.entries(value) as [string, unknown][];
  const name = spelling[type] ?? type.toLowerCase();
  if ("M" in value) return { [name]: spelledItem(value.M, spelling) };
  if ("L" in value) return { [name]: value.L.map((element) => spelled(element, spelling)) };
  return { [name]: content };
}

function spelledItem(written: Item, spelling: Spelling): unknown {
  return Object.fromEntries(Object.entries(written).map(([name, value]) => [name, spelled(value, spelling)]));
}

const forms: Readonly<Record<string, (written: Item) => string>> = {
  "as Scan answers": (written) => JSON.stringify(written),
  "as an export has it": (written) => JSON.stringify({ Item: written }),
  "in the older spelling": (written) => JSON.stringify(spelledItem(written, OLDER)),
  "in the newer spelling": (written) => JSON.stringify(spelledItem(written, NEWER)),
  "in Hive's form": (written) =>
    Object.entries(written)
      .map(([name, value]) => `${name}\u0003${JSON.stringify(spelled(value, OLDER))}`)
      .join("\u0002"),
};

test.each(Object.entries(forms))("an item %s is read", (form, write) => {
  // Hive's marks would be taken for the item's own; an empty item has none.
  const written = form.includes("Hive")
    ? item.filter((each) => {
        const names = Object.keys(each);
        return names.length > 0 && !names.some((name) => name.includes("\u0002") || name.includes("\u0003"));
      })
    : item;
  fc.assert(
    fc.property(written, (each) => {
      // A map called "Item" that could itself be an item has two meanings.
      fc.pre(!(Object.keys(each).length === 1 && Object.hasOwn(each, "Item")));
      expect(readItemText(write(each))).toEqual(readItem(each));
    }),
    { numRuns: 200 },
  );
});

test("an attribute may be called Item, too", () => {
  expect(readItemText('{"Item":{"S":"x"}}')).toEqual({ Item: { S: "x" } });
  expect(readItemText('{"Item":{"s":"x"},"Id":{"s":"1"}}')).toEqual({ Item: { S: "x" }, Id: { S: "1" } });
});

test.each([
  "",
  "x",
  "null",
  "[1]",
  '{"a":{"s":"x","S":"y"}}',
  '{"a":{"x":"y"}}',
  '{"a":{"s":"1"},"a":{"s":"2"}}',
  'a\u0003{"s":"1"}\u0002a\u0003{"s":"2"}',
  'a\u0003{"s":"1"}\u0002b',
])("%j is no item", (text) => {
  expect(() => readItemText(text)).toThrow(Rejection);
});
