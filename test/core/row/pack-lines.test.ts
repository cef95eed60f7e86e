import { describe, expect, test } from "@jest/globals";
import {
  type BatchLimits,
  FIREHOSE_LIMITS,
  type PackedRecord,
  packLines,
  recordContent,
} from "../../../src/core/row/pack-lines.ts";
import type { WireLine } from "../../../src/core/row/wire-line.ts";
import * as fc from "../../support/fast-check.ts";
import { lineText } from "../../support/line-text.ts";

const line = fc
  .string({
    unit: fc.oneof(fc.constantFrom("a", "é", "漢", "😀"), fc.constant("\ud800")),
    maxLength: 20,
    size: "max",
  })
  .map((text) => sized(`${text}\n`));
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

/** A line of this text. */
function sized(text: string): Pick<WireLine, "content"> {
  return { content: new TextEncoder().encode(text) };
}

describe("packing lines", () => {
  test("never exceeds a limit", () => {
    fc.assert(
      fc.property(lines, limits, (all, limit) => {
        const broken = packLines(all, limit).batches.filter((batch) => {
          const bytes = batch.map((record) => recordContent(all, record).length);
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
        const tooLarge = [...all.keys()].filter((i) => (all[i]?.content.length ?? 0) > lineBytesMax(limit));
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
          .filter((record) => {
            const text = textOf(all.slice(record.from, record.below));
            const content = Buffer.from(recordContent(all, record));
            return !content.equals(Buffer.from(text)) || record.bytes !== content.length || text === "";
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
          expect(record.bytes + (all[next.from]?.content.length ?? 0)).toBeGreaterThan(lineBytesMax(limit));
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
    expect(packLines([sized("é1\n"), sized("é12\n")], limit).oversized).toEqual([1]);
  });

  test("of a hundred thousand lines within Firehose's limits takes well under a second of thought", () => {
    const all = Array.from({ length: 100_000 }, (_, i) => sized(`{"a":"${"x".repeat(i % 50)}"}\n`));
    const { batches } = packLines(all, FIREHOSE_LIMITS);
    const sent = batches.flat().map((record) => Buffer.from(recordContent(all, record)).toString());
    expect(sent.join("")).toBe(textOf(all));
    for (const batch of batches) {
      expect(batch.length).toBeLessThanOrEqual(500);
      expect(batch.reduce((sum, record) => sum + record.bytes, 0)).toBeLessThanOrEqual(4 * 1024 * 1024);
    }
  });
});

function textOf(lines: readonly Pick<WireLine, "content">[]): string {
  return lines.map(lineText).join("");
}

function range(from: number, below: number): readonly number[] {
  return Array.from({ length: below - from }, (_, i) => from + i);
}
