import { describe, expect, test } from "@jest/globals";
import { type StagedSplits, seedStages } from "../../../src/core/compaction/seed-stages.ts";
import { parseSchema, type Schema } from "../../../src/core/schema/schema.ts";
import type { NumberRange } from "../../../src/core/schema/staging-splits.ts";
import { FakeEngine } from "../../support/fake-engine.ts";
import { MemoryStore } from "../../support/memory-store.ts";

const schemaOf = (partitionBy?: string): Schema =>
  parseSchema(
    {
      table: "t",
      source: "T",
      key: { hash: "id" },
      attributes: { id: { type: "string" }, day: { type: "date" } },
      ...(partitionBy === undefined ? {} : { partitionBy }),
    },
    "a test",
  );

const splitsOf = (count: number): StagedSplits => ({
  count,
  relation: ({ from, below }: NumberRange) => `splits(${from}..${below})`,
});

async function stagesOf(
  options: { readonly schema?: Schema; readonly buckets?: number; readonly splits: number },
  engine: FakeEngine = new FakeEngine(new MemoryStore()),
): Promise<readonly (readonly [rows: string, parts: readonly string[], conditions: number])[]> {
  const stages = await seedStages({
    engine,
    schema: options.schema ?? schemaOf(),
    buckets: options.buckets ?? 1,
    splits: splitsOf(options.splits),
    baseRows: (staged) => staged,
  });
  return stages.map(({ rows, cut }) => [
    rows,
    cut.parts.map(({ part }) => part),
    cut.parts.filter(({ where }) => where !== undefined).length,
  ]);
}

describe("the base of a snapshot is written", () => {
  test("from rows in one split by one stage", async () => {
    expect(await stagesOf({ splits: 1, buckets: 2 })).toEqual([["splits(0..1)", ["b0000", "b0001"], 2]]);
  });

  test("by a stage for each bucket, which reads the splits of its own, all of them", async () => {
    expect(await stagesOf({ splits: 6, buckets: 3 })).toEqual([
      ["splits(0..2)", ["b0000"], 0],
      ["splits(2..4)", ["b0001"], 0],
      ["splits(4..6)", ["b0002"], 0],
    ]);
  });

  test("in pieces of as many splits as can be sorted at once", async () => {
    const pieces = async (splits: number, together?: number) => {
      const stages = await seedStages({
        engine: new FakeEngine(new MemoryStore()),
        schema: schemaOf(),
        buckets: 2,
        splits: { ...splitsOf(splits), ...(together === undefined ? {} : { together }) },
        baseRows: (staged) => staged,
      });
      return stages.map((stage) => stage.pieces);
    };
    expect(await pieces(6, 2)).toEqual([
      ["splits(0..2)", "splits(2..3)"],
      ["splits(3..5)", "splits(5..6)"],
    ]);
    for (const together of [3, 100, undefined])
      expect(await pieces(6, together)).toEqual([undefined, undefined]);
    // Rows of other buckets are in these splits.
    expect(await pieces(3, 1)).toEqual([undefined, undefined]);
  });

  test("by stages that share a split and select their rows, where there are fewer buckets than were expected", async () => {
    expect(await stagesOf({ splits: 3, buckets: 2 })).toEqual([
      ["splits(0..2)", ["b0000"], 1],
      ["splits(1..3)", ["b0001"], 1],
    ]);
  });

  test("by a stage for each group of buckets, where there are more of them than splits", async () => {
    const stages = await stagesOf({ splits: 3, buckets: 300 });
    expect(stages.map(([rows, parts, conditions]) => [rows, parts.length, conditions])).toEqual([
      ["splits(0..1)", 100, 100],
      ["splits(1..2)", 100, 100],
      ["splits(2..3)", 100, 100],
    ]);
  });

  test("by values, each from the splits that hold it", async () => {
    const engine = new FakeEngine(new MemoryStore());
    const held: Readonly<Record<string, readonly string[]>> = {
      "0..1": ["2026-01", "2026-02"],
      "1..2": [],
      "2..3": ["2026-03", "2026-01"],
    };
    engine.answer = (sql) => (held[/splits\(([^)]*)\)/.exec(sql)?.[1] ?? ""] ?? []).map((part) => ({ part }));
    expect(await stagesOf({ schema: schemaOf("month(day)"), splits: 3 }, engine)).toEqual([
      ["splits(0..3)", ["2026-01"], 1],
      ["splits(0..1)", ["2026-02"], 1],
      ["splits(2..3)", ["2026-03"], 1],
    ]);
  });

  test("not by more values than a table has parts, together", async () => {
    const engine = new FakeEngine(new MemoryStore());
    engine.answer = (sql) => {
      const split = /splits\((\d+)/.exec(sql)?.[1];
      return Array.from({ length: 600 }, (_, i) => ({ part: `${split}-${i}` }));
    };
    await expect(stagesOf({ schema: schemaOf("identity(id)"), splits: 2 }, engine)).rejects.toMatchObject({
      code: "SCHEMA_INVALID",
    });
  });
});
