/** Unexpected JSON: any shape, with the member names of stream records and recorded files. */
import fc from "fast-check";
import type { Json } from "../../src/core/values/json-members.ts";
import { numberText, text } from "./item.ts";

const recordName = fc.constantFrom(
  ...["S", "N", "B", "BOOL", "NULL", "SS", "NS", "BS", "L", "M", "X"],
  ...[
    "eventName",
    "dynamodb",
    "Keys",
    "NewImage",
    "OldImage",
    "SequenceNumber",
    "ApproximateCreationDateTime",
  ],
  ...["StreamViewType", "userIdentity", "type", "principalId", "id", "User", "Book"],
  ...["Records", "payload", "quarantine", "raw", "DDBStreamBatchInfo", "Item"],
  ...["__proto__", "constructor", "toString", "toJSON", "length", "0", ""],
);

const leaf: fc.Arbitrary<Json> = fc.oneof(
  fc.constantFrom<Json>(
    null,
    true,
    false,
    0,
    1,
    -1,
    1.5,
    1e21,
    Number.MAX_SAFE_INTEGER,
    253_402_300_800,
    "",
    "x",
  ),
  fc.constantFrom<Json>(
    "INSERT",
    "MODIFY",
    "REMOVE",
    "KEYS_ONLY",
    "NEW_IMAGE",
    "Service",
    "AAA=",
    "1E9999",
    "\ud800",
  ),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  text,
  numberText,
);

const tree = fc.letrec<{ json: Json }>((tie) => ({
  json: fc.oneof(
    { depthIdentifier: "json", depthSize: "small", maxDepth: 6 },
    { weight: 3, arbitrary: leaf },
    { weight: 1, arbitrary: fc.array(tie("json"), { maxLength: 4, depthIdentifier: "json" }) },
    {
      weight: 3,
      arbitrary: fc
        .array(fc.tuple(recordName, tie("json")), { maxLength: 5, depthIdentifier: "json" })
        .map((entries): Json => Object.fromEntries(entries)),
    },
  ),
}));

const wrappers: Readonly<Record<string, readonly [string, string]>> = {
  array: ["[", "]"],
  list: ['{"L":[', "]}"],
  map: ['{"M":{"a":', "}}"],
  set: ['{"NS":[', "]}"],
  payload: ['{"payload":', "}"],
  records: ['{"Records":[', "]}"],
  image: ['{"dynamodb":{"NewImage":', "}}"],
};

/** Any JSON value, with the member names of records. Strings may be invalid Unicode. */
export const hostileJson: fc.Arbitrary<Json> = tree.json;

/** Texts of values that are nested tens to thousands of levels deep, in wrappers of a few kinds. */
export const deepJsonText: fc.Arbitrary<string> = fc
  .tuple(
    hostileJson,
    fc.array(fc.constantFrom(...Object.keys(wrappers)), { minLength: 1, maxLength: 3 }),
    fc.constantFrom(40, 101, 200, 4000),
  )
  .map(([innermost, kinds, levels]) => {
    const chosen = kinds.map((kind) => wrappers[kind] as readonly [string, string]);
    const opened = Array.from({ length: levels }, (_, i) => chosen[i % chosen.length]?.[0]).join("");
    const closed = Array.from(
      { length: levels },
      (_, i) => chosen[(levels - 1 - i) % chosen.length]?.[1],
    ).join("");
    return opened + JSON.stringify(innermost) + closed;
  });

/** The value with one part, selected by `choices`, replaced. */
export function mutated(json: Json, choices: readonly number[], replacement: Json): Json {
  const [choice, ...rest] = choices;
  if (choice === undefined || typeof json !== "object" || json === null) return replacement;
  const names = Object.keys(json);
  if (names.length === 0) return replacement;
  const chosen = names[choice % names.length] as string;
  if (Array.isArray(json)) {
    return (json as readonly Json[]).map((element, i) =>
      String(i) === chosen ? mutated(element, rest, replacement) : element,
    );
  }
  const object = json as { readonly [name: string]: Json };
  return Object.fromEntries(
    names.map((name) => {
      const member = object[name] as Json;
      return [name, name === chosen ? mutated(member, rest, replacement) : member];
    }),
  );
}
