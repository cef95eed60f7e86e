import { expect, test } from "@jest/globals";
import type { PlannedMajor } from "../../../src/core/compaction/plan.ts";
import { rowsFault } from "../../../src/core/compaction/row-balance.ts";
import type { Segment } from "../../../src/core/format/manifest.ts";
import * as fc from "../../support/fast-check.ts";

const segment = (kind: Segment["kind"], rows: number, part = "b0000", run: string = kind): Segment => ({
  id: `${run}-${part}`,
  run,
  part,
  kind,
  rows,
  bytes: 1,
});
const delta = (rows: number, run = "delta"): Segment => segment("delta", rows, "all", run);
const major = (keys: Readonly<Record<string, number>>, min = 0, max = min): PlannedMajor => ({
  kind: "major",
  parts: Object.entries(keys).map(([part, own]) => ({ part, keys: own })),
  keysLeft: { min, max },
});

test.each([
  ["the deltas alone: the base was not read", 10],
  ["nothing", 0],
  ["every row twice", 220],
])("a major compaction cannot write %s", (_, written) => {
  const manifest = { segments: [segment("base", 100), delta(10)] };
  const staged = [segment("base", written, "b0000", "new")];
  expect(rowsFault(manifest, major({ b0000: 10 }), staged)).toBe(
    `100 rows and 10 keys of deltas cannot become ${written} rows`,
  );
});

test("each part is counted by itself", () => {
  const manifest = { segments: [segment("base", 100), segment("base", 100, "b0001")] };
  const staged = [segment("base", 200, "b0000", "new")];
  expect(rowsFault(manifest, major({ b0000: 0, b0001: 0 }), staged)).toBeDefined();
});

test("a key that moves counts in both of its parts", () => {
  const manifest = { segments: [segment("base", 100, "a"), segment("base", 3, "b"), delta(50)] };
  const staged = [segment("base", 60, "a", "new"), segment("base", 43, "b", "new")];
  expect(rowsFault(manifest, major({ a: 40, b: 40 }), staged)).toBeUndefined();
});

test("the keys that are not taken have a row each in the new delta", () => {
  const manifest = { segments: [segment("base", 5), segment("base", 5, "b0001"), delta(7), delta(4, "d2")] };
  const staged = (left: number) => [
    segment("base", 5, "b0000", "new"),
    ...(left > 0 ? [delta(left, "new")] : []),
  ];
  expect(rowsFault(manifest, major({ b0000: 3 }, 6), staged(5))).toBe("a delta of 6 keys cannot have 5 rows");
  expect(rowsFault(manifest, major({ b0000: 3 }, 6), staged(6))).toBeUndefined();
  expect(rowsFault(manifest, major({ b0000: 3 }, 6), staged(7))).toBeDefined();
  expect(rowsFault(manifest, major({ b0000: 3 }, 0, 6), staged(0))).toBeUndefined();
  expect(rowsFault(manifest, major({ b0000: 3 }, 0, 6), staged(7))).toBe(
    "a delta of 0 to 6 keys cannot have 7 rows",
  );
});

test("a delta that takes earlier ones in has all of their keys", () => {
  const manifest = { segments: [segment("base", 5), delta(7), delta(3, "old")] };
  const staged = (rows: number) => [delta(rows, "new")];
  expect(rowsFault(manifest, { kind: "minor", takesDeltas: true }, staged(6))).toBe(
    "a delta of 7 rows cannot become 6",
  );
  expect(rowsFault(manifest, { kind: "minor", takesDeltas: true }, staged(7))).toBeUndefined();
  expect(rowsFault(manifest, { kind: "minor", takesDeltas: false }, [])).toBeUndefined();
});

test("what the newest rows of any base and deltas come to is never refused", () => {
  const keys = fc.uniqueArray(fc.nat(20));
  const changed = fc.uniqueArray(fc.record({ key: fc.nat(20), isRemoved: fc.boolean() }), {
    selector: ({ key }) => key,
  });
  fc.assert(
    fc.property(keys, fc.array(changed, { maxLength: 3 }), (base, deltas) => {
      const rows = new Map(base.map((key) => [key, false]));
      for (const { key, isRemoved } of deltas.flat()) rows.set(key, isRemoved);
      const written = [...rows.values()].filter((isRemoved) => !isRemoved).length;
      const manifest = {
        segments: [segment("base", base.length), ...deltas.map((own, i) => delta(own.length, `d${i}`))],
      };
      const counted = new Set(deltas.flat().map(({ key }) => key)).size;
      const staged = [segment("base", written, "b0000", "new")];
      expect(rowsFault(manifest, major({ b0000: counted }), staged)).toBeUndefined();
    }),
  );
});
