/** Partitioning: `partitionBy`, and the number of buckets. */
import { describe, expect, test } from "@jest/globals";
import { parseColumnType } from "../../../src/core/schema/column-type.ts";
import {
  BUCKETS_MAX,
  bucketLabel,
  bucketOfHash,
  bucketStart,
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
}).map(([name, type]) => ({ name, label: name, type: parseColumnType(type) }));

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

  test("are ranges of the key's hash, without a gap and without an overlap", () => {
    // Around the border of two buckets, where they could overlap.
    const border = fc
      .integer({ min: 1, max: BUCKETS_MAX })
      .chain((count) =>
        fc.record({ count: fc.constant(count), index: fc.nat(count - 1), beside: fc.nat(2) }),
      );
    fc.assert(
      fc.property(border, ({ count, index, beside }) => {
        const start = Math.max(0, Math.floor((index * 2 ** 32) / count) + beside - 1);
        const key = start.toString(16).padStart(8, "0").padEnd(32, "f");
        const bucket = Math.floor((start * count) / 2 ** 32);
        expect(bucketOfHash(key, count)).toBe(bucket);
        expect(key >= (bucketStart(bucket, count) ?? "")).toBe(true);
        expect(key < (bucketStart(bucket + 1, count) ?? "g")).toBe(true);
      }),
    );
    for (const count of [1, 3, 1000]) {
      const starts = Array.from({ length: count }, (_, i) => bucketStart(i, count) ?? "");
      expect([...new Set(starts)].sort()).toEqual(starts);
      expect(starts[0]).toBe("0".repeat(32));
      expect(bucketStart(count, count)).toBeUndefined();
    }
  });

  test("have labels that a path can hold and whose order is theirs", () => {
    const labels = Array.from({ length: BUCKETS_MAX }, (_, i) => bucketLabel(i));
    expect([...labels].sort()).toEqual(labels);
    expect(labels.every((label) => /^[a-z0-9]+$/.test(label))).toBe(true);
  });
});
