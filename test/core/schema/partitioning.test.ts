/** Partitioning: `partitionBy`, and the number of buckets. */
import { describe, expect, test } from "@jest/globals";
import { parseColumnType } from "../../../src/core/schema/column-type.ts";
import {
  BUCKETS_MAX,
  bucketLabel,
  bucketsFor,
  type Partitioning,
  parsePartitioning,
} from "../../../src/core/schema/partitioning.ts";
import * as fc from "../../support/fast-check.ts";

const COLUMNS = Object.entries({
  day_of: "date",
  at: "timestamp",
  name: "string",
  n: "bigint",
  x: "double",
  d: "decimal(5,2)",
}).map(([name, type]) => ({ name, type: parseColumnType(type) }));

function parsed(text: string): Partitioning | undefined {
  return parsePartitioning(text, COLUMNS, (why) => {
    throw new RangeError(why);
  });
}

describe("partitionBy", () => {
  test.each<[string, Partitioning]>([
    ["bucket(1)", { kind: "bucket", count: 1 }],
    [" bucket ( 1000 ) ", { kind: "bucket", count: 1000 }],
    ["year(day_of)", { kind: "year", column: "day_of" }],
    ["month(at)", { kind: "month", column: "at" }],
    ["day(at)", { kind: "day", column: "at" }],
    ["identity(name)", { kind: "identity", column: "name" }],
    ["identity(n)", { kind: "identity", column: "n" }],
  ])("%j is read", (text, wanted) => {
    expect(parsed(text)).toEqual(wanted);
  });

  test.each([
    ...[
      "",
      "bucket",
      "bucket()",
      "bucket(0)",
      "bucket(1001)",
      "bucket(-1)",
      "bucket(1.5)",
      "bucket(n)",
      "bucket(1",
      "hour(at)",
    ],
    ...[
      "year(name)",
      "day(n)",
      "identity(x)",
      "identity(d)",
      "identity(at)",
      "year(absent)",
      "year(AT)",
      "year(at), month(at)",
    ],
  ])("%j is refused", (text) => {
    expect(() => parsed(text)).toThrow(RangeError);
  });

  test("left out means that the number of buckets is chosen later", () => {
    expect(
      parsePartitioning(undefined, COLUMNS, () => {
        throw new RangeError();
      }),
    ).toBeUndefined();
  });
});

describe("buckets", () => {
  test("of a small table are one, and of any table neither none nor too many", () => {
    expect([0, 1, 1_000_000].map(bucketsFor)).toEqual([1, 1, 1]);
    fc.assert(
      fc.property(fc.nat(Number.MAX_SAFE_INTEGER), fc.nat(1_000_000), (rows, more) => {
        const count = bucketsFor(rows);
        expect(Number.isInteger(count) && count >= 1 && count <= BUCKETS_MAX).toBe(true);
        expect(bucketsFor(rows + more)).toBeGreaterThanOrEqual(count);
      }),
    );
  });

  test("have labels that a path can hold and whose order is theirs", () => {
    const labels = Array.from({ length: BUCKETS_MAX }, (_, i) => bucketLabel(i));
    expect([...labels].sort()).toEqual(labels);
    expect(labels.every((label) => /^[a-z0-9]+$/.test(label))).toBe(true);
  });
});
