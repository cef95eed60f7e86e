/** The items of an export as `verify` scans them: parsed or not, they say the same. */
import { describe, expect, test } from "@jest/globals";
import { Rejection } from "../../../src/core/change/change.ts";
import { readExportLine } from "../../../src/core/exports/export-line.ts";
import type { ScannedItem } from "../../../src/core/ports/verified.ts";
import { type Item, itemText, readItem } from "../../../src/core/values/attribute-value.ts";
import type { Json } from "../../../src/core/values/json-members.ts";
import { type KeySchema, keyOf } from "../../../src/core/values/key.ts";
import { UnparsedItem } from "../../../src/core/verify/scanned-item.ts";
import { scannedLines } from "../../../src/embedded/verifying/verified-export.ts";
import { recordedItem, valueStyle } from "../../arbitraries/change.ts";
import { edits, otherPart } from "../../arbitraries/edited-line.ts";
import { keyedItem } from "../../arbitraries/item.ts";
import { mutated } from "../../arbitraries/json.ts";
import * as fc from "../../support/fast-check.ts";

const KEY: KeySchema = { hash: "pk", range: "sk" };
const read = scannedLines(KEY);

/** What is scanned where the line stands among others; undefined where it is rejected. */
function scanned(line: string): ScannedItem | undefined {
  const bytes = Buffer.from(line);
  try {
    return read(
      Buffer.concat([Buffer.from("}}\n"), bytes, Buffer.from('\n{"Item":{}}')]),
      3,
      3 + bytes.length,
    );
  } catch (error) {
    if (error instanceof Rejection) return undefined;
    throw error;
  }
}

function parsed(line: string): Item | undefined {
  try {
    return line.trim() === "" ? undefined : readExportLine(line);
  } catch (error) {
    if (error instanceof Rejection) return undefined;
    throw error;
  }
}

/** Whether the line was read without being parsed. Fails if it says anything else than the parsed item. */
function isUnparsed(line: string): boolean {
  const item = parsed(line);
  const found = scanned(line);
  if (item === undefined || found === undefined) {
    expect({ line, found }).toEqual({ line, found: undefined });
    expect(item).toBeUndefined();
    return false;
  }
  expect(found.text()).toBe(itemText(item));
  expect(found.item()).toEqual(item);
  expect(found.key(KEY)).toEqual(keyOf(KEY, item));
  // Another table of the same source, with a schema of its own.
  expect(found.key({ hash: "sk" })).toEqual(keyOf({ hash: "sk" }, item));
  return found instanceof UnparsedItem;
}

const written = keyedItem(KEY).chain((item) => fc.constantFrom(item, readItem(item)));

describe("a scanned line gives the text and the key that parsing gives", () => {
  test("for every item", () => {
    let [unparsed, all] = [0, 0];
    fc.assert(
      fc.property(written, (item) => {
        all++;
        if (isUnparsed(JSON.stringify({ Item: item }))) unparsed++;
      }),
      { numRuns: 2000 },
    );
    // The items are deliberately odd. Parsing most of them would prove little.
    expect(unparsed / all).toBeGreaterThan(0.2);
  });

  test("for items in the styles of other serializers", () => {
    fc.assert(
      fc.property(written, valueStyle, (item, style) => {
        isUnparsed(JSON.stringify({ Item: recordedItem(item, style) }));
      }),
      { numRuns: 1000 },
    );
  });

  test("for lines with a part that is something else", () => {
    fc.assert(
      fc.property(written, fc.array(fc.nat(7), { maxLength: 6 }), otherPart, (item, at, part) => {
        isUnparsed(JSON.stringify(mutated({ Item: item } as Json, at, part)));
      }),
      { numRuns: 2000 },
    );
  });

  test("for texts that were changed anywhere", () => {
    fc.assert(
      fc.property(written, edits, (item, edit) => {
        isUnparsed(edit(JSON.stringify({ Item: item })));
      }),
      { numRuns: 3000 },
    );
  });
});

test.each([
  ["", false],
  [" \r", false],
  ['{"Item":{"pk":{"S":"a"},"sk":{"N":"1"}}}', true],
  [
    '{"Item":{"sk":{"B":"AA=="},"pk":{"S":""},"constructor":{"M":{"__proto__":{"BOOL":false},"a":{"L":[]}}}}}',
    true,
  ],
  ['{"Item":{"pk":{"S":"a\\nb"},"sk":{"N":"1"}}}', false],
  ['{"Item":{"pk":{"S":"a"},"sk":{"N":"1"},"x":{"S":"\\"\\\\\\b\\f\\n\\r\\t"}}}', true],
  ['{"Item":{"pk":{"S":"a"},"sk":{"N":"1"},"x":{"S":"\\/"}}}', false],
  ['{"Item":{"pk":{"S":"a"},"sk":{"N":"1"},"x":{"S":"\\u0001"}}}', false],
  ['{"Item":{"pk":{"S":"a"},"sk":{"N":"1"},"x":{"SS":["b","é","a"]},"u":{"NS":["10","-2","9"]}}}', true],
  ['{"Item":{"pk":{"S":"a"}}}', false],
  ['{"Item":{"pk":{"S":"a"},"sk":{"BOOL":true}}}', false],
  ['{"Item":{"pk":{"S":"a"},"sk":{"N":"1"},"pk":{"S":"a"}}}', false],
  [`{"Item":{"pk":{"S":"a"},"sk":{"N":"1"},"x":{"S":"${"é".repeat(600_000)}"}}}`, false],
])("%.60s: unparsed is %s", (line, expected) => {
  expect(isUnparsed(line)).toBe(expected);
});
