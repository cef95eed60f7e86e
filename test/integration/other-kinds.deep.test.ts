/**
 * For any items and any order of changes, a table whose columns got other kinds of types by order answers as one that had the last
 * schema from the beginning, and its items come back whole.
 */

import { test } from "@jest/globals";
import { type AttributeValue, type Item, readItem } from "../../src/core/values/attribute-value.ts";
import { anyStep, expectAlwaysAsAlways, type Types } from "../support/as-always.ts";
import * as fc from "../support/fast-check.ts";

const SECONDS = { type: "timestamp", format: "epoch_seconds" } as const;
const MILLIS = { type: "timestamp", format: "epoch_millis" } as const;

const TYPES: Types = {
  id: [{ type: "string" }],
  price: [
    { type: "int" },
    { type: "bigint" },
    { type: "string" },
    { type: "decimal(12,2)" },
    { type: "json" },
  ],
  note: [{ type: "string" }, { type: "timestamp" }, SECONDS, { type: "double" }, MILLIS],
  at: [{ type: "timestamp" }, { type: "string" }, { type: "date" }, { type: "json" }],
  rate: [{ type: "double" }, { type: "decimal(20,4)" }, { type: "boolean" }, { type: "string" }],
  raw: [{ type: "binary" }, { type: "string" }, { type: "json" }],
  day: [{ type: "date" }, { type: "timestamp" }, { type: "json" }],
  flag: [{ type: "boolean" }, { type: "json" }],
  seen: [SECONDS, MILLIS, { type: "bigint" }, { type: "timestamp" }, { type: "string" }],
  sure: [{ type: "decimal(38,2)" }, { type: "json" }],
};

const value = fc.oneof(
  fc
    .constantFrom(
      ...["5", "-7", "0", "3000000000", "9223372036854775807", "29.99", "0.125", "1E-20", "1E+37", "0.1"],
      ...["1709202600", "1709202600.25", "-0.5", "1709202600250", "-62135596800", "253402300799.999"],
    )
    .map((N): AttributeValue => ({ N })),
  fc
    .constantFrom(
      ...["", "x", "12", "2024-02-29", "2024-02-29T10:30:00.000Z", "2024-02-29T12:30+02:00", "0001-01-01"],
      ...[
        "2024-02-29 10:30:00",
        "1969-12-31T23:59:59.999Z",
        'it\'s a "quote" \\ \u00e9\ud83d\ude00\n',
        "true",
      ],
    )
    .map((S): AttributeValue => ({ S })),
  fc.constantFrom<AttributeValue>(
    { BOOL: true },
    { BOOL: false },
    { NULL: true },
    { B: "AAEC" },
    { B: "" },
    { L: [{ N: "1" }, { S: "a" }] },
    { M: { price: { S: "inner" }, at: { N: "1" } } },
    { NS: ["1", "2"] },
  ),
);
/** Each attribute has its own kind of value, or any. */
const own: Readonly<Record<string, AttributeValue>> = {
  price: { N: "7" },
  note: { S: "2024-02-29 10:30:00" },
  at: { S: "2024-02-29T12:30:00+02:00" },
  rate: { N: "0.25" },
  raw: { B: "AAEC" },
  day: { S: "2024-02-29" },
  flag: { BOOL: true },
  seen: { N: "1709202600.25" },
  sure: { N: "1E+30" },
};
const item = fc
  .record(
    Object.fromEntries(
      Object.keys(own).map((name) => [
        name,
        fc.oneof(value, value, fc.constant(own[name] as AttributeValue)),
      ]),
    ),
    { requiredKeys: [] },
  )
  .chain((attributes) =>
    fc.constantFrom("a", "b", "c").map((S): Item => readItem({ ...attributes, id: { S } })),
  );
const step = anyStep(item, Object.keys(own));

test("a table whose columns got other kinds of types has the rows of one that always had the last ones", async () => {
  await expectAlwaysAsAlways(TYPES, step, 24);
}, 900_000);
