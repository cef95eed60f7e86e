import { describe, expect, test } from "@jest/globals";
import { lineSplit } from "../../../src/core/row/line-split.ts";
import { rowCodec } from "../../../src/core/row/row.ts";
import { itemLine, lineWriter } from "../../../src/core/row/wire-line.ts";
import { bucketsFor } from "../../../src/core/schema/partitioning.ts";
import { parseSchema, type Schema } from "../../../src/core/schema/schema.ts";
import { bucketGroups, splitOfHash, splitsFor } from "../../../src/core/schema/staging-splits.ts";
import type { Item } from "../../../src/core/values/attribute-value.ts";
import { keyedItem } from "../../arbitraries/item.ts";
import { deepTest } from "../../support/deep-test.ts";
import * as fc from "../../support/fast-check.ts";

/** As on one machine, and as on AWS. */
const FILES = { bucketsAtOnce: 1, splitsMax: 256 };
const UPLOADS = { bucketsAtOnce: 100, splitsMax: 10 };

const bucketOf = (hash: number, buckets: number): number => Math.floor((hash * buckets) / 2 ** 32);
const hash = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const count = fc.integer({ min: 1, max: 1000 });

describe("splits of staged rows:", () => {
  test("every bucket is in one group, in order, and the group's splits hold all its rows", () => {
    fc.assert(
      fc.property(count, count, hash, (buckets, splits, key) => {
        const groups = bucketGroups(buckets, splits);
        expect(groups.map((group) => group.buckets.from)).toEqual([
          0,
          ...groups.slice(0, -1).map((group) => group.buckets.below),
        ]);
        expect(groups.at(-1)?.buckets.below).toBe(buckets);
        const bucket = bucketOf(key, buckets);
        const [own] = groups.filter((group) => group.buckets.from <= bucket && bucket < group.buckets.below);
        const split = splitOfHash(key, splits);
        expect(own?.splits.from).toBeLessThanOrEqual(split);
        expect(split).toBeLessThan(own?.splits.below ?? 0);
      }),
    );
  });

  test("what a whole bucket reads holds no row of another", () => {
    fc.assert(
      fc.property(count, fc.integer({ min: 1, max: 4 }), hash, (buckets, times, key) => {
        const splits = buckets * times;
        const groups = bucketGroups(buckets, splits);
        expect(groups.every(({ isWhole }) => isWhole)).toBe(true);
        const split = splitOfHash(key, splits);
        const [reader] = groups.filter(({ splits: { from, below } }) => from <= split && split < below);
        expect(reader?.buckets.from).toBe(bucketOf(key, buckets));
      }),
    );
  });

  test("no split is read by more than two statements where there are no more splits than buckets", () => {
    for (const [buckets, splits] of [
      [95, 10],
      [1000, 250],
      [257, 129],
      [7, 7],
    ] as const) {
      const readers = Array.from({ length: splits }, () => 0);
      for (const group of bucketGroups(buckets, splits))
        for (let split = group.splits.from; split < group.splits.below; split++)
          readers[split] = (readers[split] as number) + 1;
      expect(Math.max(...readers)).toBeLessThanOrEqual(2);
    }
  });

  test.each([
    [1_000_000, 1],
    [30_000_000, 15],
    [500_000_000, 250],
    [2_000_000_000, 250],
  ])("of %i items in buckets of the key are %i", (items, splits) => {
    expect(splitsFor(undefined, items, FILES)).toBe(splits);
    expect(splitsFor({ kind: "bucket", count: bucketsFor(items) }, 1, FILES)).toBe(splits);
  });

  test.each([
    [1_000, 1],
    [150_001, 2],
    [1_000_000, 7],
    [30_000_000, 15 * 14],
    [500_000_000, 250],
  ])("of %i items with a limit to the rows of each are %i", (items, splits) => {
    expect(splitsFor(undefined, items, { ...FILES, rowsPerSplit: 150_000 })).toBe(splits);
  });

  test("with statements of a hundred buckets are one for each", () => {
    expect(splitsFor(undefined, 200_000_000, UPLOADS)).toBe(1);
    expect(splitsFor(undefined, 500_000_000, UPLOADS)).toBe(3);
    expect(splitsFor({ kind: "month", column: "day" }, 5_000_000, UPLOADS)).toBe(5);
  });
});

describe("the split of a line", () => {
  const schemaOf = (partitionBy?: string): Schema =>
    parseSchema(
      {
        table: "t",
        source: "T",
        key: { hash: "id" },
        attributes: { id: { type: "string" }, day: { type: "date" }, text: { type: "string" } },
        ...(partitionBy === undefined ? {} : { partitionBy }),
      },
      "a test",
    );

  function splitOf(schema: Schema, item: Item, splits: number): number {
    const bytes = new TextEncoder().encode(`before\n${itemLine(lineWriter(rowCodec(schema)), item)}`);
    return lineSplit(schema, splits)(bytes, 7, bytes.length);
  }

  test("is that of its key's hash", () => {
    const schema = schemaOf();
    fc.assert(
      fc.property(keyedItem(schema.key), count, (item, splits) => {
        const line = itemLine(lineWriter(rowCodec(schema)), item) as string;
        const { _key } = JSON.parse(line) as { readonly _key: string };
        expect(splitOf(schema, item, splits)).toBe(
          splitOfHash(Number.parseInt(_key.slice(0, 8), 16), splits),
        );
      }),
    );
  });

  deepTest("is one for the rows of a month, whatever else they hold", () => {
    const schema = schemaOf("month(day)");
    const text = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.constant('"day":"1999-01'),
      fc.constant('\\"day":'),
    );
    fc.assert(
      fc.property(fc.tuple(text, text), count, ([one, other], splits) => {
        const of = (id: string, day: string, value: string): number =>
          splitOf(schema, { id: { S: id }, day: { S: day }, text: { S: value } }, splits);
        expect(of(`k${one}`, "2026-11-03", other)).toBe(of(`k${other}`, "2026-11-30", one));
      }),
    );
    const months = Array.from({ length: 12 }, (_, month) => `2026-${String(month + 1).padStart(2, "0")}-01`);
    const splits = months.map((day) => splitOf(schema, { id: { S: "a" }, day: { S: day } }, 64));
    expect(new Set(splits).size).toBeGreaterThan(6);
  });
});
