import { describe, expect, test } from "@jest/globals";
import {
  compareRanges,
  RANGES,
  RangeDigests,
  rangeGroups,
  rangeOf,
  shelfOf,
} from "../../../src/core/verify/verify-digest.ts";
import * as fc from "../../support/fast-check.ts";

const hex = (digits: number): fc.Arbitrary<string> =>
  fc.string({ unit: fc.constantFrom(..."0123456789abcdef"), minLength: digits, maxLength: digits });

/** Many keys in few ranges, and hashes whose sums overflow their words. */
const entry = fc.record({
  range: fc.oneof(fc.constantFrom(0, 1, RANGES - 1), fc.nat(RANGES - 1)),
  hash: fc.oneof(hex(32), fc.constantFrom("f".repeat(32), `${"0".repeat(31)}1`, "0".repeat(32))),
});

function digestsOf(entries: readonly { readonly range: number; readonly hash: string }[]): RangeDigests {
  const digests = new RangeDigests();
  for (const { range, hash } of entries) digests.add(range, hash);
  return digests;
}

describe("digests of ranges", () => {
  test("do not depend on the order in which items come", () => {
    const shuffled = fc
      .array(entry, { maxLength: 40 })
      .chain((entries) =>
        fc.tuple(fc.constant(entries), fc.shuffledSubarray(entries, { minLength: entries.length })),
      );
    fc.assert(
      fc.property(shuffled, ([entries, others]) => {
        expect(compareRanges(digestsOf(entries), digestsOf(others)).differing).toEqual([]);
      }),
    );
  });

  test("are sums modulo 2^128", () => {
    fc.assert(
      fc.property(fc.array(hex(32), { minLength: 1, maxLength: 20 }), (hashes) => {
        const sum = hashes.reduce((total, hash) => (total + BigInt(`0x${hash}`)) % (1n << 128n), 0n);
        const same = digestsOf(hashes.map((hash) => ({ range: 7, hash })));
        const zeros = hashes.slice(1).map(() => ({ range: 7, hash: "0".repeat(32) }));
        const other = digestsOf([...zeros, { range: 7, hash: sum.toString(16).padStart(32, "0") }]);
        expect(same.equals(other, 7)).toBe(true);
      }),
    );
  });

  test("tell the ranges in which an item is missing, is one too many or is another, and no other range", () => {
    const damage = fc.array(fc.record({ at: fc.nat(), how: fc.constantFrom("missing", "twice", "other") }), {
      maxLength: 5,
    });
    fc.assert(
      fc.property(fc.array(entry, { minLength: 1, maxLength: 40 }), damage, (entries, damages) => {
        const places = new Map(damages.map(({ at, how }) => [at % entries.length, how]));
        const damaged = entries.flatMap((each, i) => {
          const how = places.get(i);
          if (how === "missing") return [];
          if (how === "twice") return [each, each];
          return how === "other" ? [{ ...each, hash: flipped(each.hash) }] : [each];
        });
        const wanted = new Set([...places.keys()].map((i) => entries[i]?.range));
        const { differing } = compareRanges(digestsOf(entries), digestsOf(damaged));
        // Two changes in one range cancel out only if they swap values.
        for (const range of differing) expect(wanted).toContain(range);
        if (places.size === 1) expect(differing).toEqual([...wanted]);
      }),
    );
  });

  test("count the ranges that are in use", () => {
    const one = digestsOf([{ range: 3, hash: "1".repeat(32) }]);
    const other = digestsOf([{ range: 9, hash: "1".repeat(32) }]);
    expect(compareRanges(one, other)).toEqual({ used: 2, differing: [3, 9] });
  });
});

function flipped(hash: string): string {
  return `${hash.startsWith("0") ? "1" : "0"}${hash.slice(1)}`;
}

test("a key's range is what its hash begins with", () => {
  expect(rangeOf("0000ffff")).toBe(0);
  expect(rangeOf("ffff0000")).toBe(RANGES - 1);
  expect([rangeOf("01000000"), shelfOf(rangeOf("01000000"))]).toEqual([256, 1]);
});

test("groups hold every range once, of one shelf and within the limit unless a range is larger by itself", () => {
  const ranges = fc.uniqueArray(fc.nat(1023), { maxLength: 60 }).map((all) => all.sort((a, b) => a - b));
  fc.assert(
    fc.property(ranges, fc.integer({ min: 1, max: 50 }), (all, itemsMax) => {
      const itemsOf = (range: number): number => 1 + (range % 30);
      const groups = rangeGroups(all, itemsOf, itemsMax);
      expect(groups.flatMap((group) => [...group.ranges])).toEqual(all);
      for (const { shelf, ranges: own } of groups) {
        const items = [...own].reduce((sum, range) => sum + itemsOf(range), 0);
        expect(items <= itemsMax || own.size === 1).toBe(true);
        for (const range of own) expect(shelfOf(range)).toBe(shelf);
      }
    }),
  );
});
