import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import {
  type BatchLimits,
  FIREHOSE_LIMITS,
  type PackedRecord,
  packLines,
  utf8Bytes,
} from "../../../src/core/row/batch.ts";

const line = fc
  .string({
    unit: fc.oneof(fc.constantFrom("a", "é", "漢", "😀"), fc.constant("\ud800")),
    maxLength: 20,
    size: "max",
  })
  .map((text) => `${text}\n`);
const lines = fc.array(line, { maxLength: 60, size: "max" });
const limits: fc.Arbitrary<BatchLimits> = fc.record({
  recordBytesMax: fc.integer({ min: 1, max: 120 }),
  batchRecordsMax: fc.integer({ min: 1, max: 6 }),
  batchBytesMax: fc.integer({ min: 1, max: 300 }),
});

/** The largest line that can be sent. */
function lineBytesMax({ recordBytesMax, batchBytesMax }: BatchLimits): number {
  return Math.min(recordBytesMax, batchBytesMax);
}

function bytesOf(text: string): number {
  return Buffer.byteLength(text, "utf8");
}

describe("packing lines", () => {
  test("never exceeds a limit", () => {
    fc.assert(
      fc.property(lines, limits, (all, limit) => {
        const broken = packLines(all, limit).batches.filter((batch) => {
          const bytes = batch.map((record) => bytesOf(record.text));
          const inAll = bytes.reduce((sum, one) => sum + one, 0);
          const fits = bytes.every((one) => one <= limit.recordBytesMax) && inAll <= limit.batchBytesMax;
          return !fits || batch.length === 0 || batch.length > limit.batchRecordsMax;
        });
        expect(broken).toEqual([]);
      }),
      { numRuns: 600 },
    );
  });

  test("never loses, repeats or reorders a line; one that is too large is told, not dropped", () => {
    fc.assert(
      fc.property(lines, limits, (all, limit) => {
        const { batches, oversized } = packLines(all, limit);
        const tooLarge = [...all.keys()].filter((i) => bytesOf(all[i] as string) > lineBytesMax(limit));
        expect(oversized).toEqual(tooLarge);
        const sent = batches.flat().flatMap((record) => range(record.from, record.below));
        expect(sent).toEqual([...all.keys()].filter((i) => !tooLarge.includes(i)));
      }),
      { numRuns: 600 },
    );
  });

  test("tells of each record which lines are in it and how many bytes it has", () => {
    fc.assert(
      fc.property(lines, limits, (all, limit) => {
        const wrong = packLines(all, limit)
          .batches.flat()
          .filter(({ text, bytes, from, below }) => {
            return text !== all.slice(from, below).join("") || bytes !== bytesOf(text) || below <= from;
          });
        expect(wrong).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });

  test("fills a record before it begins the next one, since each record is billed as at least 5 KB", () => {
    fc.assert(
      fc.property(lines, limits, (all, limit) => {
        const records = packLines(all, limit).batches.flat();
        for (const [i, next] of records.slice(1).entries()) {
          const record = records[i] as PackedRecord;
          if (record.below !== next.from) continue;
          expect(record.bytes + bytesOf(all[next.from] as string)).toBeGreaterThan(lineBytesMax(limit));
        }
      }),
      { numRuns: 500 },
    );
  });

  test("of nothing gives no batch", () => {
    expect(packLines([], FIREHOSE_LIMITS)).toEqual({ batches: [], oversized: [] });
  });

  test("takes a line that is exactly as large as a record may be, and no larger one", () => {
    const limit = { recordBytesMax: 4, batchRecordsMax: 2, batchBytesMax: 100 };
    expect(packLines(["é1\n", "é12\n"], limit).oversized).toEqual([1]);
  });

  test("of a hundred thousand lines within Firehose's limits takes well under a second of thought", () => {
    const all = Array.from({ length: 100_000 }, (_, i) => `{"a":"${"x".repeat(i % 50)}"}\n`);
    const { batches } = packLines(all, FIREHOSE_LIMITS);
    expect(
      batches
        .flat()
        .map((record) => record.text)
        .join(""),
    ).toBe(all.join(""));
    for (const batch of batches) {
      expect(batch.length).toBeLessThanOrEqual(500);
      expect(batch.reduce((sum, record) => sum + record.bytes, 0)).toBeLessThanOrEqual(4 * 1024 * 1024);
    }
  });
});

test("utf8Bytes counts what an encoder writes, for every text", () => {
  const unit = fc.oneof(
    fc.integer({ min: 0, max: 0xffff }),
    fc.integer({ min: 0xd700, max: 0xe0ff }),
    fc.nat(0x900),
  );
  fc.assert(
    fc.property(fc.array(unit, { maxLength: 12 }), (units) => {
      const text = String.fromCharCode(...units);
      expect(utf8Bytes(text)).toBe(new TextEncoder().encode(text).length);
    }),
    { numRuns: 1200 },
  );
});

function range(from: number, below: number): readonly number[] {
  return Array.from({ length: below - from }, (_, i) => from + i);
}
