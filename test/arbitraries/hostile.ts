/** Values, names and bytes as an attacker would choose them. */
import fc from "fast-check";
import type { AttributeValue, Item } from "../../src/core/values/attribute-value.ts";
import type { Json } from "../../src/core/values/json-members.ts";
import { attributeName, attributeValue, item, merged, text } from "./item.ts";
import { hostileJson, mutated } from "./json.ts";

/** Part of many values. No message or log may contain it. */
export const CANARY = "zqCANARYqz";

const TRICKS: readonly string[] = [
  ...["'", "''", '"', '""', "\\", "\\'", "`", ";", "--", "/*", "*/", "$$", "{}", "%s", "?", "$1"],
  ...["'; DROP TABLE t; --", '" OR 1=1 --', "')) UNION SELECT 1 --", "E'\\''", "U&'\\0061'"],
  ...["\0", "\u0001", "\b", "\r\n", "\n", "\u001b[2J", "\u007f", "\u0085", "\u2028", "\ufeff", "\ufffe"],
  ...[
    "\u202eevil",
    "\u200b",
    "\u200d",
    "e\u0301\u0301\u0301",
    "Z\u0351\u036b\u0343\u036a\u0302",
    "\u{1f468}\u200d\u{1f469}",
  ],
  ...["İ", "ß", "ﬀ", "\u212a", "ſ", "ǆ", "\u{10ffff}", "\ud83d\ude00"],
  ...["__proto__", "constructor", "prototype", "hasOwnProperty", "toString", "then", "0", "-0", "00", "1e3"],
  ...["select", "from", "table", "null", "true", "NaN", "Infinity", "-Infinity", "rowid", "main", "temp"],
  ...[
    "../../etc/passwd",
    "/etc/passwd",
    "C:\\x",
    "file:///etc/passwd",
    "a/b",
    "..",
    ".",
    "*",
    "?",
    "[a]",
    "~",
  ],
  ...["=1+1", "@x", "<script>", "{{x}}", "%00", "&#0;", "x".repeat(300), "\u0001".repeat(300)],
];

const trick = fc.constantFrom(...TRICKS);

/** Texts with a canary, well-formed or not. */
export const hostileText: fc.Arbitrary<string> = fc.oneof(
  { weight: 3, arbitrary: trick.map((one) => one + CANARY) },
  { weight: 2, arbitrary: text.map((one) => CANARY + one) },
  { weight: 1, arbitrary: fc.constantFrom("\ud800", "\udc00", "\udc00\ud800").map((half) => CANARY + half) },
  { weight: 1, arbitrary: fc.tuple(trick, fc.nat(40)).map(([one, times]) => CANARY + one.repeat(times)) },
);

/** Names of attributes, tables and anything else. */
export const hostileName: fc.Arbitrary<string> = fc.oneof(
  { weight: 3, arbitrary: trick },
  { weight: 2, arbitrary: attributeName },
  { weight: 1, arbitrary: fc.tuple(trick, trick).map(([a, b]) => a + b) },
  { weight: 1, arbitrary: fc.constantFrom("", "\ud800", "x\udfff", "a".repeat(70_000)) },
);

/** Lists and maps nested to just below, exactly at and far beyond every limit. */
const deepValue: fc.Arbitrary<Json> = fc
  .tuple(fc.constantFrom(31, 32, 33, 40, 41, 99, 100, 101, 102, 800), fc.boolean(), hostileText)
  .map(([levels, lists, S]) => {
    let value: Json = { S };
    for (let level = 0; level < levels; level++) value = lists ? { L: [value] } : { M: { a: value } };
    return value;
  });

/** Many small members, which a limit in bytes allows and a nested loop cannot handle. */
const wideValue: fc.Arbitrary<Json> = fc
  .tuple(fc.constantFrom("L", "M", "SS", "NS", "BS"), fc.constantFrom(100, 3000), fc.boolean())
  .map(([type, count, repeated]): Json => {
    const numbers = Array.from({ length: count }, (_, i) => (repeated ? i % 7 : (i * 7919) % count));
    if (type === "L") return { L: numbers.map((i) => ({ N: String(i) })) };
    if (type === "M") return { M: Object.fromEntries(numbers.map((i) => [`a${i}`, { BOOL: true }])) };
    if (type === "SS") return { SS: numbers.map((i) => `${CANARY}${i}`) };
    if (type === "NS") return { NS: numbers.map((i) => `${i}.50E-${i % 120}`) };
    return { BS: numbers.map((i) => Buffer.from(String(i)).toString("base64")) };
  });

const hostileNumber = fc.constantFrom(
  ...[
    "1e9999",
    "1e99999",
    "-1E-9999",
    `1e${"9".repeat(400)}`,
    "9".repeat(499),
    "9".repeat(501),
    "0".repeat(400_000),
  ],
  ...["", "-", "+", ".", "1.", ".5", "0x10", "1_000", " 1", "1 ", "١", "Infinity", "NaN", "1e+", "--1"],
);

/** In place of an attribute value: a value of any kind, or none. */
export const hostileValue: fc.Arbitrary<Json> = fc.oneof(
  { weight: 4, arbitrary: hostileText.map((S) => ({ S })) },
  { weight: 4, arbitrary: attributeValue as fc.Arbitrary<Json> },
  {
    weight: 2,
    arbitrary: fc.tuple(hostileName, hostileText).map(([name, S]) => ({ M: named([[name, { S }]]) })),
  },
  { weight: 1, arbitrary: hostileText.map((S) => ({ SS: [S, `${S}2`] })) },
  { weight: 1, arbitrary: hostileText.map((B) => ({ B })) },
  { weight: 1, arbitrary: hostileNumber.map((N) => ({ N })) },
  { weight: 1, arbitrary: fc.tuple(hostileNumber, hostileNumber).map((NS) => ({ NS })) },
  { weight: 1, arbitrary: deepValue },
  { weight: 1, arbitrary: wideValue },
  { weight: 2, arbitrary: hostileJson },
);

/** Items with the key `id` and hostile other attributes, which need not be attribute values. */
export const hostileItem: fc.Arbitrary<Json> = fc
  .tuple(
    fc.array(fc.tuple(hostileName, hostileValue), { maxLength: 5 }),
    fc.oneof(
      hostileText.map((S) => ({ S })),
      hostileNumber.map((N) => ({ N })),
    ),
  )
  .map(([members, id]) => named([...members, ["id", id]]));

/** Items that DynamoDB can hold, with hostile names and texts. */
export const hostileSoundItem: fc.Arbitrary<Item> = fc
  .tuple(
    item,
    fc
      .array(fc.tuple(hostileName, hostileText), { maxLength: 6 })
      .map((members) =>
        members.filter(([name, value]) => name.isWellFormed() && value.isWellFormed() && name !== "id"),
      ),
  )
  .map(([attributes, members]) =>
    merged(
      attributes,
      Object.fromEntries(
        members.map(([name, S], i): [string, AttributeValue] => [
          name,
          i % 3 === 0 ? { M: named([[name, { S }]]) } : { S },
        ]),
      ),
    ),
  );

/** An object with these members; one named "__proto__" becomes a member too. */
export function named<T>(members: readonly (readonly [string, T])[]): { readonly [name: string]: T } {
  return Object.fromEntries(members);
}

/** The value with a few parts replaced by something unexpected. */
export function spoiled(json: Json): fc.Arbitrary<Json> {
  const change = fc.tuple(
    fc.array(fc.nat(12), { maxLength: 7 }),
    fc.oneof(
      hostileJson,
      hostileText,
      hostileValue,
      fc.constantFrom<Json>(-1, 2 ** 53, 1e300, 1e15, -0.5, [], {}, ""),
    ),
  );
  return fc
    .array(change, { maxLength: 3 })
    .map((changes) => changes.reduce((whole, [at, part]) => mutated(whole, at, part), json));
}

/** A replacement at one place in some bytes. */
export interface Edit {
  /** The place, in ten-thousandths of the length. */
  readonly at: number;
  readonly removed: number;
  readonly put: Uint8Array;
}

const TOKENS: readonly (string | readonly number[])[] = [
  ...[
    "{",
    "}",
    "[",
    "]",
    '"',
    ":",
    ",",
    "\\",
    "\n",
    "\r\n",
    "\0",
    " ",
    "null",
    "true",
    "-",
    "1e999",
    "0",
    "9".repeat(400),
  ],
  ...[
    "\\ud800",
    "\\u0000",
    '"S":',
    '{"S":"x"}',
    '"__proto__":',
    "[[[[[[[[",
    '{"M":{"a":',
    "\ufeff",
    "'",
    "/*",
  ],
  ...[
    [0xff],
    [0xc0, 0x80],
    [0xed, 0xa0, 0x80],
    [0xf4, 0x90, 0x80, 0x80],
    [0xe2, 0x82],
    [0xef, 0xbb, 0xbf],
    [0x80],
  ],
];

const edit: fc.Arbitrary<Edit> = fc.record({
  at: fc.nat(10_000),
  removed: fc.oneof(fc.constant(0), fc.nat(3), fc.nat(3000)),
  put: fc.oneof(
    fc.constantFrom(...TOKENS).map((token) => Buffer.from(token as string)),
    fc.uint8Array({ maxLength: 4 }),
  ),
});

export const edits: fc.Arbitrary<readonly Edit[]> = fc.array(edit, { minLength: 1, maxLength: 3 });

/** The bytes, damaged. */
export function damaged(bytes: Uint8Array, changes: readonly Edit[]): Buffer {
  return changes.reduce((whole, { at, removed, put }) => {
    const from = Math.floor((whole.length * at) / 10_000);
    return Buffer.concat([whole.subarray(0, from), put, whole.subarray(from + removed)]);
  }, Buffer.from(bytes));
}
