import { describe, expect, test } from "@jest/globals";
import { canonicalNumber, compareNumbers, toExactDouble } from "../../../src/core/values/number.ts";
import { numberText, twoNotations } from "../../arbitraries/item.ts";
import { compareModel, equalNumbers, type ModelNumber, modelNumber } from "../../arbitraries/number-model.ts";
import * as fc from "../../support/fast-check.ts";

const canonical = numberText.map((text) => canonicalNumber(text) as string);

describe("canonicalNumber", () => {
  test("keeps the value of every DynamoDB number", () => {
    fc.assert(
      fc.property(numberText, (text) => {
        expect(modelNumber(canonicalNumber(text) ?? "refused")).toEqual(modelNumber(text));
      }),
      { numRuns: 1200 },
    );
  });

  test("gives one text for one value, whatever its notation", () => {
    fc.assert(
      fc.property(twoNotations, ([a, b]) => {
        expect(canonicalNumber(a)).toBe(canonicalNumber(b));
      }),
      { numRuns: 600 },
    );
  });

  test("gives different texts for different values", () => {
    fc.assert(
      fc.property(canonical, canonical, (a, b) => {
        expect(a === b).toBe(equalNumbers(a, b));
      }),
      { numRuns: 600 },
    );
  });

  test("is plain: no exponent, no plus sign, no needless zero, no negative zero", () => {
    fc.assert(
      fc.property(canonical, (text) => {
        expect(text).toMatch(/^(?:0|-?(?:[1-9]\d*|0(?=\.)|[1-9]\d*(?=\.))(?:\.\d*[1-9])?)$/);
      }),
      { numRuns: 600 },
    );
  });

  test("leaves its own result as it is, for every text that it accepts", () => {
    const anyExponent = fc
      .tuple(numberText, fc.integer({ min: -9999, max: 9999 }))
      .map(([text, power]) => `${text.replace(/e.*$/i, "")}E${power}`);
    fc.assert(
      fc.property(fc.oneof(numberText, anyExponent), (text) => {
        const once = canonicalNumber(text);
        if (once !== undefined) expect(canonicalNumber(once)).toBe(once);
      }),
      { numRuns: 600 },
    );
  });

  test.each([
    ["+0.10", "0.1"],
    [".5", "0.5"],
    ["5.", "5"],
    ["-0.000", "0"],
    ["0E+99", "0"],
    ["1E+125", `1${"0".repeat(125)}`],
    ["-1e-130", `-0.${"0".repeat(129)}1`],
    ["123.4500e1", "1234.5"],
    ["00012", "12"],
    ["12345678901234567890123456789012345678", "12345678901234567890123456789012345678"],
  ])("%s is %s", (text, wanted) => {
    expect(canonicalNumber(text)).toBe(wanted);
  });

  test.each([
    ...["", " ", ".", "-", "+.", "E5", "1e", "1e+", "e", "--1", "+-1", "1.2.3", "1e5.0", "1 ", " 1", "1\n"],
    ...["NaN", "Infinity", "-Infinity", "0x10", "1_000", "1,5", "١", "1n", "five", "1e99999"],
    ...["1".repeat(501), "1E600", "-1E-600", "1E9999"],
  ])("%j is no number", (text) => {
    expect(canonicalNumber(text)).toBeUndefined();
  });

  test("agrees with the model on what is a number at all", () => {
    const almost = fc.string({
      unit: fc.constantFrom(..."0123456789", ".", "-", "+", "e", "E", " "),
      maxLength: 6,
    });
    fc.assert(
      fc.property(
        almost.filter((text) => !/e.?\d{3}/i.test(text)),
        (text) => {
          expect(canonicalNumber(text) !== undefined).toBe(modelNumber(text) !== undefined);
        },
      ),
      { numRuns: 1500 },
    );
  });
});

describe("toExactDouble", () => {
  test("gives a double only where the double prints back to the same decimal", () => {
    fc.assert(
      fc.property(canonical, (text) => {
        const double = toExactDouble(text);
        if (double === undefined) expect(equalNumbers(String(Number(text)), text)).toBe(false);
        else expect(equalNumbers(String(double), text)).toBe(true);
      }),
      { numRuns: 1200 },
    );
  });

  test("takes every double that DynamoDB can hold", () => {
    const doubles = fc
      .double({ noNaN: true, noDefaultInfinity: true })
      .filter((double) => double === 0 || (Math.abs(double) >= 1e-130 && Math.abs(double) < 1e126));
    fc.assert(
      fc.property(doubles, (double) => {
        expect(toExactDouble(canonicalNumber(String(double)) as string)).toBe(double === 0 ? 0 : double);
      }),
      { numRuns: 600 },
    );
  });

  test.each(["9007199254740993", "0.1000000000000000000001", "12345678901234567890123456789012345678"])(
    "%s has no double",
    (text) => {
      expect(toExactDouble(text)).toBeUndefined();
    },
  );

  test("what is beyond the doubles has none", () => {
    expect(toExactDouble(`1${"0".repeat(400)}`)).toBeUndefined();
    expect(toExactDouble(`0.${"0".repeat(400)}1`)).toBeUndefined();
  });
});

describe("compareNumbers", () => {
  test("orders canonical numbers as their values are ordered", () => {
    fc.assert(
      fc.property(canonical, canonical, (a, b) => {
        const order = compareModel(modelNumber(a) as ModelNumber, modelNumber(b) as ModelNumber);
        expect(Math.sign(compareNumbers(a, b))).toBe(order);
        expect(Math.sign(compareNumbers(b, a))).toBe(order === 0 ? 0 : -order);
      }),
      { numRuns: 1200 },
    );
  });

  test("orders numbers that differ late or by little", () => {
    const sorted = [
      "-10",
      "-9.99",
      "-9",
      "-1.5",
      "-1.05",
      "-0.1",
      "0",
      "0.001",
      "0.01",
      "0.1",
      "0.11",
      "1",
      "1.05",
      "1.5",
      "9",
      "10",
    ];
    expect([...sorted].reverse().sort(compareNumbers)).toEqual(sorted);
  });
});
