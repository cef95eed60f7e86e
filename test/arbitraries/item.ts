/**
 * Any item that DynamoDB can hold, in DynamoDB JSON: all ten types, 38 significant digits, 1E-130 to 9.99E+125, any Unicode,
 * nesting to 32 levels, and names that are traps in JavaScript or differ only in case. Numbers are in any notation and sets in
 * any order: `readItem` returns the canonical form that the core works with.
 */
import fc from "fast-check";
import type { AttributeValue, Item } from "../../src/core/values/attribute-value.ts";
import type { KeySchema } from "../../src/core/values/key.ts";
import { anyCharacter } from "./character.ts";

/** A number without its notation: the digits d1 d2 d3... mean d1.d2d3... times ten to the power of `exponent`. */
export interface NumberParts {
  readonly negative: boolean;
  /** 1 to 38 digits; the first is not 0. */
  readonly digits: string;
  /** -130 to 125. */
  readonly exponent: number;
}

const digits: fc.Arbitrary<string> = fc.oneof(
  { weight: 3, arbitrary: fc.integer({ min: 1, max: 99_999 }).map(String) },
  { weight: 1, arbitrary: fc.bigInt({ min: 1n, max: 10n ** 20n }).map(String) },
  { weight: 1, arbitrary: fc.bigInt({ min: 10n ** 37n, max: 10n ** 38n - 1n }).map(String) },
);

const exponent: fc.Arbitrary<number> = fc.oneof(
  { weight: 3, arbitrary: fc.integer({ min: -4, max: 20 }) },
  { weight: 1, arbitrary: fc.integer({ min: -130, max: 125 }) },
  { weight: 1, arbitrary: fc.constantFrom(-130, 125) },
);

/** Any number of DynamoDB except zero. */
export const numberParts: fc.Arbitrary<NumberParts> = fc.record({
  negative: fc.boolean(),
  digits,
  exponent,
});

/** One way to write a number. */
export type Notation = (number: NumberParts) => string;

const plain: Notation = ({ negative, digits: text, exponent: power }) => {
  const sign = negative ? "-" : "";
  if (power < 0) return `${sign}0.${"0".repeat(-power - 1)}${text}`;
  const whole = text.slice(0, power + 1).padEnd(power + 1, "0");
  const fraction = text.slice(power + 1);
  return fraction === "" ? sign + whole : `${sign}${whole}.${fraction}`;
};

const scientific: Notation = ({ negative, digits: text, exponent: power }) =>
  `${negative ? "-" : ""}${text.charAt(0)}${text.length > 1 ? "." : ""}${text.slice(1)}E${power < 0 ? "" : "+"}${power}`;

const shifted: Notation = ({ negative, digits: text, exponent: power }) =>
  `${negative ? "-" : "+"}${text}e${power - text.length + 1}`;

const padded: Notation = (number) => {
  const text = plain({ ...number, negative: false });
  return `${number.negative ? "-" : ""}00${text}${text.includes(".") ? "00" : ".000"}`;
};

/** All the ways in which recorded events write a number. */
export const notation: fc.Arbitrary<Notation> = fc.constantFrom(plain, scientific, shifted, padded);

/** The limits of number types, and the ways to write zero. */
const numberBorders: readonly string[] = [
  ...["0", "-0", "0.00", "0E+3", "-0E-5", "000"],
  ...["2147483647", "2147483648", "-2147483648", "-2147483649"],
  ...["9007199254740991", "9007199254740992", "9007199254740993"],
  ...["9223372036854775807", "9223372036854775808", "-9223372036854775808", "-9223372036854775809"],
  ...["0.1", "1.10", "1.5", "1E+21", "1e-7", "123456789012345678", "0.30000000000000004"],
  ...["1E-130", "-1E-130", `9.${"9".repeat(37)}E+125`, `-9.${"9".repeat(37)}E+125`],
  ...["99999999.99", "-99999999.99", "100000000.00", "0.001", "1731974400", "1731974400123", "1731974400.5"],
];

/** Any DynamoDB number, zero included, in any notation. */
export const numberText: fc.Arbitrary<string> = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(notation, numberParts).map(([write, parts]) => write(parts)) },
  { weight: 2, arbitrary: fc.integer({ min: -1000, max: 1000 }).map(String) },
  { weight: 2, arbitrary: fc.constantFrom(...numberBorders) },
);

/** One number, rarely zero, written twice, usually in two notations. */
export const twoNotations: fc.Arbitrary<readonly [string, string]> = fc.oneof(
  {
    weight: 9,
    arbitrary: fc
      .tuple(notation, notation, numberParts)
      .map(([first, second, parts]) => [first(parts), second(parts)] as const),
  },
  { weight: 1, arbitrary: fc.tuple(fc.constantFrom("0", "-0.0", "0E9"), fc.constantFrom("0", "00", "-0")) },
);

/** Days, most of them real, some in no calendar. */
export const dateText: fc.Arbitrary<string> = fc.oneof(
  { weight: 3, arbitrary: moments().map((date) => date.toISOString().slice(0, 10)) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      "2024-02-29",
      "2023-02-29",
      "2023-02-30",
      "0000-01-01",
      "0001-01-01",
      "9999-12-31",
    ),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom("2023-13-01", "2023-00-10", "2023-1-1", "12023-01-01", "2023-01-01 "),
  },
);

/** Timestamps in ISO 8601, most of them in the canonical form (UTC, milliseconds), some of them invalid. */
export const timestampText: fc.Arbitrary<string> = fc.oneof(
  { weight: 2, arbitrary: moments().map((date) => date.toISOString()) },
  {
    weight: 2,
    arbitrary: fc
      .tuple(
        moments().map((date) => date.toISOString()),
        fc.constantFrom("T", " ", "t"),
        fc.constantFrom("", ".1", ".120", ".123000", ".1234", ",5"),
        fc.constantFrom("", "Z", "z", " Z", "+00:00", "-05:30", "+0100", "+14", "+24:00"),
      )
      .map(([iso, separator, fraction, zone]) =>
        [iso.slice(0, 10), separator, iso.slice(11, 19), fraction, zone].join(""),
      ),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      ...["2023-02-30T00:00:00.000Z", "2023-01-01T24:00:00Z", "2023-01-01T23:59:60Z", "2023-01-01T12:00"],
      ...["0001-01-01T00:00:00.000+01:00", "9999-12-31T23:59:59.999-01:00", "2023-01-01T12:00Z"],
    ),
  },
);

function moments(): fc.Arbitrary<Date> {
  const min = new Date("0001-01-01T00:00:00.000Z");
  const max = new Date("9999-12-31T23:59:59.999Z");
  const recent = { min: new Date("2000-01-01T00:00:00.000Z"), max: new Date("2040-01-01T00:00:00.000Z") };
  return fc.oneof(fc.date({ min, max, noInvalidDate: true }), fc.date({ ...recent, noInvalidDate: true }));
}

/** Characters that are special in JSON, SQL, terminals, UTF-8 or UTF-16. */
const trickyCharacter = fc.constantFrom(
  ...["\u0000", "\u0001", "\b", "\t", "\n", "\r", "\u001b", "\u007f", "\u0085", "\u2028", "\u2029", "\ufeff"],
  ...['"', "'", "\\", "/", "{", "}", "[", "]", ":", ",", "%", "$", "`", ";"],
  ...["é", "e\u0301", "ß", "İ", "漢", "\ufffd", "\uffff", "😀", "\u{10ffff}", "\u{10000}"],
);

/** Any well-formed Unicode text, also the empty one. */
export const text: fc.Arbitrary<string> = fc.oneof(
  { weight: 3, arbitrary: fc.string({ unit: "grapheme-ascii", maxLength: 10 }) },
  { weight: 2, arbitrary: fc.string({ unit: anyCharacter, maxLength: 10 }) },
  { weight: 2, arbitrary: fc.string({ unit: trickyCharacter, maxLength: 8 }) },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      ...[
        "",
        " ",
        "null",
        "true",
        "false",
        "NaN",
        "1",
        "1.50",
        "{}",
        "[]",
        '{"S":"x"}',
        '"',
        "\\u0000",
        "\\",
      ],
    ),
  },
  { weight: 2, arbitrary: dateText },
  { weight: 2, arbitrary: timestampText },
);

/** Names that are special in JavaScript, SQL or dynalake, and names that differ only in case. */
const trickyName = fc.constantFrom(
  ...["__proto__", "constructor", "toString", "hasOwnProperty", "valueOf", "toJSON", "length", "prototype"],
  ...["", "S", "N", "M", "NULL", "Item", "_op", "_unmapped", "_key", "dt", "select", "0", "1", "10", "-1"],
  ...["name", "Name", "NAME", "a b", "a.b", 'a"b', "größe", "😀"],
);

/** Names of attributes and of members of maps. */
export const attributeName: fc.Arbitrary<string> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.string({ unit: fc.constantFrom("a", "b", "c", "A", "_", "1"), minLength: 1, maxLength: 3 }),
  },
  { weight: 3, arbitrary: trickyName },
  { weight: 1, arbitrary: text },
);

/** Binary values as base64 text. */
export const base64: fc.Arbitrary<string> = fc
  .uint8Array({ maxLength: 12 })
  .map((bytes) => btoa(String.fromCharCode(...bytes)));

type Values = {
  value: AttributeValue;
  scalar: AttributeValue;
  list: AttributeValue;
  map: AttributeValue;
};

const values = fc.letrec<Values>((tie) => ({
  scalar: fc.oneof(
    { weight: 4, arbitrary: text.map((S) => ({ S })) },
    { weight: 4, arbitrary: numberText.map((N) => ({ N })) },
    base64.map((B) => ({ B })),
    fc.boolean().map((BOOL) => ({ BOOL })),
    fc.constant({ NULL: true as const }),
    fc.uniqueArray(text, { minLength: 1, maxLength: 4 }).map((SS) => ({ SS })),
    fc.uniqueArray(numberText, { minLength: 1, maxLength: 4 }).map((NS) => ({ NS })),
    fc.uniqueArray(base64, { minLength: 1, maxLength: 4 }).map((BS) => ({ BS })),
  ),
  list: fc
    .oneof(fc.array(tie("value"), { maxLength: 4, depthIdentifier: "value" }), sameKindList())
    .map((L) => ({ L })),
  map: fc
    .array(fc.tuple(attributeName, tie("value")), { maxLength: 4, depthIdentifier: "value" })
    .map((entries) => ({ M: Object.fromEntries(entries) })),
  value: fc.oneof(
    { depthIdentifier: "value", depthSize: "small", maxDepth: 5 },
    { weight: 5, arbitrary: tie("scalar") },
    { weight: 2, arbitrary: tie("list") },
    { weight: 2, arbitrary: tie("map") },
  ),
}));

/** Lists of one type, as in real tables, so that arrays fit. */
function sameKindList(): fc.Arbitrary<AttributeValue[]> {
  return fc.oneof(
    fc.array(
      text.map((S) => ({ S })),
      { maxLength: 4 },
    ),
    fc.array(
      numberText.map((N) => ({ N })),
      { maxLength: 4 },
    ),
    fc.array(
      fc.tuple(text, numberText).map(([S, N]) => ({ M: { name: { S }, a: { N } } })),
      { maxLength: 3 },
    ),
  );
}

/** Nested lists and maps, down to the 32 levels that DynamoDB allows. */
const deepValue: fc.Arbitrary<AttributeValue> = fc
  .tuple(
    values.scalar,
    fc.array(fc.oneof(fc.constant(undefined), attributeName), { minLength: 6, maxLength: 31, size: "max" }),
  )
  .map(([innermost, levels]) =>
    levels.reduce<AttributeValue>(
      (inner, name) => (name === undefined ? { L: [inner] } : { M: Object.fromEntries([[name, inner]]) }),
      innermost,
    ),
  );

/** Any attribute value. */
export const attributeValue: fc.Arbitrary<AttributeValue> = fc.oneof(
  { weight: 30, arbitrary: values.value },
  { weight: 1, arbitrary: deepValue },
);

/** Any item, with or without a key. */
export const item: fc.Arbitrary<Item> = fc
  .array(fc.tuple(attributeName, attributeValue), { maxLength: 6 })
  .map((entries) => Object.fromEntries(entries));

/** Values that a key attribute can have. */
export const keyValue: fc.Arbitrary<AttributeValue> = fc.oneof(
  text.filter((S) => S !== "").map((S) => ({ S })),
  numberText.map((N) => ({ N })),
  base64.filter((B) => B !== "").map((B) => ({ B })),
);

/** The key of a table, with or without a sort key. */
export const keySchema: fc.Arbitrary<KeySchema> = fc.oneof(
  fc.constantFrom<KeySchema>({ hash: "id" }, { hash: "pk", range: "sk" }, { hash: "User", range: "Book" }),
  fc
    .uniqueArray(
      attributeName.filter((name) => name !== ""),
      { minLength: 1, maxLength: 2 },
    )
    .map(([hash = "", range]) => (range === undefined ? { hash } : { hash, range })),
);

/** The key attributes of an item. */
export function keyItem(schema: KeySchema): fc.Arbitrary<Item> {
  const names = schema.range === undefined ? [schema.hash] : [schema.hash, schema.range];
  return fc
    .tuple(...names.map(() => keyValue))
    .map((keys) => Object.fromEntries(names.map((name, i) => [name, keys[i] as AttributeValue])));
}

/** Items that a table with this key can hold. */
export function keyedItem(schema: KeySchema): fc.Arbitrary<Item> {
  return fc.tuple(item, keyItem(schema)).map(([attributes, key]) => merged(attributes, key));
}

/** The attributes of both items; the second item takes precedence. */
export function merged(first: Item, second: Item): Item {
  return Object.fromEntries([...Object.entries(first), ...Object.entries(second)]);
}
