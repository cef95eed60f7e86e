import { describe, expect, test } from "@jest/globals";
import {
  DuplicateMember,
  type Json,
  membersInText,
  membersInValue,
  parseJson,
} from "../../../src/core/values/json-members.ts";
import { elementTexts, memberTexts } from "../../../src/core/values/json-slices.ts";
import { attributeName, text } from "../../arbitraries/item.ts";
import { deepJsonText, hostileJson } from "../../arbitraries/json.ts";
import * as fc from "../../support/fast-check.ts";

const space = fc.string({ unit: fc.constantFrom(" ", "\t", "\n", "\r"), maxLength: 2 });

/** Texts that a writer may choose for a JSON value: indented or not, surrounded by white space. */
const jsonText = fc
  .tuple(hostileJson, fc.constantFrom(undefined, 1, "\t"), space, space)
  .map(([value, indent, before, after]) => `${before}${JSON.stringify(value, null, indent)}${after}`);

/** Members in the order of the text, with repeats. */
const members = fc.array(fc.tuple(attributeName, hostileJson, space, space), { maxLength: 6 });

function objectText(written: readonly (readonly [string, Json, string, string])[]): string {
  const texts = written.map(
    ([name, value, before, after]) =>
      `${before}${JSON.stringify(name)}${after}:${before}${JSON.stringify(value)}${after}`,
  );
  return `{${texts.join(",")}}`;
}

describe("parseJson", () => {
  test("gives what JSON.parse gives, where no object names a member twice", () => {
    fc.assert(
      fc.property(jsonText, (json) => {
        expect(parseJson(json)).toEqual(JSON.parse(json));
      }),
      { numRuns: 500 },
    );
  });

  test("refuses exactly the objects that name a member twice", () => {
    fc.assert(
      fc.property(members, (written) => {
        const names = written.map(([name]) => name);
        const json = objectText(written);
        if (new Set(names).size < names.length) expect(() => parseJson(json)).toThrow(DuplicateMember);
        else expect(Object.keys(parseJson(json) as object).sort()).toEqual([...names].sort());
      }),
      { numRuns: 500 },
    );
  });

  test("finds a repeated member at any depth and however its name is escaped", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom("L", "M")), text, (levels, name) => {
        const escaped = [...`${name}x`].map((character) => escapedUnits(character)).join("");
        const inner = `{"a":1,${JSON.stringify(`${name}x`)}:{},"${escaped}":"}"}`;
        const json = levels.reduce(
          (nested, level) => (level === "L" ? `[0,${nested}]` : `{"M":${nested}}`),
          inner,
        );
        expect(() => parseJson(json)).toThrow(DuplicateMember);
      }),
      { numRuns: 300 },
    );
  });

  test.each([
    '{"a":1,"a":1}',
    '{"__proto__":1,"__proto__":2}',
    '[{"b":{"":0,"":0}}]',
    '{"a":":","b":{"\\"":1,"\\u0022":2}}',
    '{"1":0,"a":0,"1":0}',
  ])("refuses %s", (json) => {
    expect(() => parseJson(json)).toThrow(DuplicateMember);
  });

  test.each([
    '{"a":{"a":{"a":1}}}',
    '[{"a":1},{"a":1}]',
    '{"a":"a\\":","b":"\\\\","c\\\\":":"}',
    '{"a" : "\\\\\\"", "b":[] }',
  ])("takes %s", (json) => {
    expect(parseJson(json)).toEqual(JSON.parse(json));
  });

  test.each(["", "{", "{'a':1}", '{"a":1,}', "[1,]", "nul", '"\n"', "{} {}"])(
    "throws a SyntaxError on %j",
    (json) => {
      expect(() => parseJson(json)).toThrow(SyntaxError);
    },
  );

  test("takes values that are nested very deep, and finds a repeated member below them", () => {
    const levels = 100_000;
    expect(membersInValue(parseJson("[".repeat(levels) + "]".repeat(levels)))).toBe(0);
    const twice = `${'{"M":'.repeat(levels)}{"a":1,"a":1}${"}".repeat(levels)}`;
    expect(() => parseJson(twice)).toThrow(DuplicateMember);
  });
});

test("membersInText counts what membersInValue counts", () => {
  fc.assert(
    fc.property(
      fc.oneof({ weight: 9, arbitrary: jsonText }, { weight: 1, arbitrary: deepJsonText }),
      (json) => {
        expect(membersInText(json)).toBe(membersInValue(JSON.parse(json)));
      },
    ),
    { numRuns: 500 },
  );
});

describe("elementTexts", () => {
  test("cuts an array into the texts of its elements, as they are written", () => {
    fc.assert(
      fc.property(fc.array(jsonText, { maxLength: 5 }), space, (elements, inside) => {
        const cut = elementTexts(`[${inside}${elements.join(",")}]`);
        expect(cut.map((element) => element.trim())).toEqual(elements.map((element) => element.trim()));
      }),
      { numRuns: 500 },
    );
  });

  test("keeps the repeated members of an element", () => {
    expect(elementTexts('[{"a":1,"a":[2,"]"]}, 1e5 ,"]","\\""]')).toEqual([
      '{"a":1,"a":[2,"]"]}',
      "1e5 ",
      '"]"',
      '"\\""',
    ]);
  });
});

test("memberTexts gives every value that the text has for a name", () => {
  fc.assert(
    fc.property(members, fc.nat(5), (written, choice) => {
      const name = written[choice]?.[0] ?? "absent";
      const found = memberTexts(objectText(written), name).map((json): Json => JSON.parse(json));
      const wanted = written
        .filter(([other]) => other === name)
        .map(([, value]): Json => JSON.parse(JSON.stringify(value)));
      expect(found).toEqual(wanted);
    }),
    { numRuns: 500 },
  );
});

function escapedUnits(character: string): string {
  return character
    .split("")
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`)
    .join("");
}
