/** Attribute values that a column of a given type holds exactly, at every depth, so that the column alone must restore them. */
import fc from "fast-check";
import type { PartType, ScalarType } from "../../src/core/schema/column-type.ts";
import type { AttributeFile } from "../../src/core/schema/schema.ts";
import { type AttributeValue, readAttributeValue } from "../../src/core/values/attribute-value.ts";
import { base64, text } from "../arbitraries/item.ts";

const FIRST_MS = new Date("0001-01-01T00:00:00.000Z").getTime();
const LAST_MS = new Date("9999-12-31T23:59:59.999Z").getTime();

/** Numbers from the whole range of a type, its limits included. */
function wholeNumber(min: bigint, max: bigint): fc.Arbitrary<string> {
  return fc.oneof(fc.bigInt({ min, max }), fc.constantFrom(min, max, 0n, -1n)).map(String);
}

const doubleText = fc
  .oneof(
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.constantFrom(0.1, 1e21, 1e-7, -1e125, 5e-324, Number.MAX_VALUE, Number.MIN_VALUE, 2 ** 53, 1 / 3),
  )
  .map(String);

function decimalText(precision: number, scale: number): fc.Arbitrary<string> {
  const largest = 10n ** BigInt(precision) - 1n;
  return wholeNumber(-largest, largest).map((unscaled) => `${unscaled}e-${scale}`);
}

const moment: fc.Arbitrary<number> = fc.oneof(
  fc.integer({ min: FIRST_MS, max: LAST_MS }),
  fc.constantFrom(FIRST_MS, LAST_MS, 0, -1, 1, 999, -62_135_596_799_999),
);
const isoText = moment.map((millis) => new Date(millis).toISOString());

/** Values of a part. NULL is not a value of any type, but can be an element of every array and map. */
export function fittingValue(type: PartType): fc.Arbitrary<AttributeValue> {
  switch (type.kind) {
    case "array":
      return fc.array(elementOf(type.element), { maxLength: 3 }).map((L) => ({ L }));
    case "map":
      return fc
        .array(fc.tuple(text, elementOf(type.value)), { maxLength: 3 })
        .map((entries) => ({ M: Object.fromEntries(entries) }));
    case "struct": {
      const fields = type.fields.map(({ attribute, type: field }) =>
        fc.option(
          fittingValue(field).map((value) => [attribute, value] as const),
          { nil: undefined },
        ),
      );
      return fc
        .tuple(...fields)
        .map((members) => ({ M: Object.fromEntries(members.filter((member) => member !== undefined)) }));
    }
    default:
      return scalarOf(type);
  }
}

function elementOf(type: PartType): fc.Arbitrary<AttributeValue> {
  return fc.oneof(
    { weight: 5, arbitrary: fittingValue(type) },
    { weight: 1, arbitrary: fc.constant({ NULL: true as const }) },
  );
}

function scalarOf(type: ScalarType): fc.Arbitrary<AttributeValue> {
  switch (type.kind) {
    case "string":
      return text.map((S) => ({ S }));
    case "boolean":
      return fc.boolean().map((BOOL) => ({ BOOL }));
    case "int":
      return wholeNumber(-2147483648n, 2147483647n).map(number);
    case "bigint":
      return wholeNumber(-(2n ** 63n), 2n ** 63n - 1n).map(number);
    case "double":
      return doubleText.map(number);
    case "decimal":
      return decimalText(type.precision, type.scale).map(number);
    case "date":
      return isoText.map((iso) => ({ S: iso.slice(0, 10) }));
    case "timestamp":
      return isoText.map((S) => ({ S }));
    case "binary":
      return base64.map((B) => ({ B }));
  }
}

function number(N: string): AttributeValue {
  return readAttributeValue({ N });
}

/** Values of json columns that the column alone can restore. */
export const jsonValue: fc.Arbitrary<AttributeValue> = fc.letrec<{
  value: AttributeValue;
  part: AttributeValue;
}>((tie) => ({
  part: fc.oneof(
    { weight: 4, arbitrary: tie("value") },
    { weight: 1, arbitrary: fc.constant({ NULL: true }) },
  ),
  value: fc.oneof(
    { depthSize: "small", maxDepth: 4 },
    text.map((S) => ({ S })),
    fc.boolean().map((BOOL) => ({ BOOL })),
    fc.array(tie("part"), { maxLength: 3 }).map((L) => ({ L })),
    fc
      .array(fc.tuple(text, tie("part")), { maxLength: 3 })
      .map((entries) => ({ M: Object.fromEntries(entries) })),
  ),
})).value;

/** A timestamp column for attributes that are numbers, with values for it. */
export const epochColumn: fc.Arbitrary<{ spec: AttributeFile; value: fc.Arbitrary<AttributeValue> }> =
  fc.constantFrom(
    {
      spec: { type: "timestamp", format: "epoch_millis" } as const,
      value: moment.map((millis) => number(String(millis))),
    },
    {
      spec: { type: "timestamp", format: "epoch_seconds" } as const,
      value: moment.map((millis) => number(`${millis}e-3`)),
    },
  );

/** A column declared from a set, with values for it. */
export const setColumn: fc.Arbitrary<{ spec: AttributeFile; value: fc.Arbitrary<AttributeValue> }> =
  fc.constantFrom(
    setOf("SS", "array<string>", text),
    setOf("BS", "array<binary>", base64),
    setOf("NS", "array<bigint>", wholeNumber(-(2n ** 63n), 2n ** 63n - 1n)),
    setOf("NS", "array<double>", doubleText),
    setOf("NS", "array<decimal(38,19)>", decimalText(38, 19)),
  );

function setOf(
  name: "SS" | "NS" | "BS",
  type: string,
  member: fc.Arbitrary<string>,
): { spec: AttributeFile; value: fc.Arbitrary<AttributeValue> } {
  const value = fc
    .uniqueArray(member, { minLength: 1, maxLength: 4 })
    .map((members) => readAttributeValue({ [name]: members }));
  return { spec: { type, set: true }, value };
}
