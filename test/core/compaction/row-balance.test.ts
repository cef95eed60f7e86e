import { expect, test } from "@jest/globals";
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
const major = (...parts: readonly string[]) => ({ kind: "major", parts }) as const;

test.each([
  ["the deltas alone: the base was not read", 10],
  ["nothing", 0],
  ["every row twice", 220],
])("a major compaction cannot write %s", (_, written) => {
  const manifest = { segments: [segment("base", 100), segment("delta", 10)] };
  expect(rowsFault(manifest, major("b0000"), [segment("base", written, "b0000", "new")])).toBe(
    `100 rows and 10 of deltas cannot become ${written}`,
  );
});

test("each bucket is counted by itself", () => {
  const manifest = { segments: [segment("base", 100), segment("base", 100, "b0001")] };
  const staged = [segment("base", 200, "b0000", "new")];
  expect(rowsFault(manifest, major("b0000", "b0001"), staged)).toBeDefined();
});

test("where keys move from part to part, all parts are counted together", () => {
  const manifest = {
    segments: [segment("base", 100, "a"), segment("base", 3, "b"), segment("delta", 50, "all")],
  };
  const staged = [segment("base", 60, "a", "new"), segment("base", 43, "b", "new")];
  expect(rowsFault(manifest, major("a", "b", "all"), staged)).toBeUndefined();
});

test("a delta that takes earlier ones in has all of their keys", () => {
  const manifest = {
    segments: [segment("base", 5), segment("delta", 7), segment("delta", 3, "b0000", "old")],
  };
  const staged = (rows: number) => [segment("delta", rows, "b0000", "new")];
  expect(rowsFault(manifest, { kind: "minor", takesDeltas: true }, staged(6))).toBe(
    "a delta of 7 rows cannot become 6",
  );
  expect(rowsFault(manifest, { kind: "minor", takesDeltas: true }, staged(7))).toBeUndefined();
  expect(rowsFault(manifest, { kind: "minor", takesDeltas: false }, [])).toBeUndefined();
});

test("what the newest rows of any base and deltas come to is never refused", () => {
  const keys = fc.uniqueArray(fc.nat(20));
  const delta = fc.uniqueArray(fc.record({ key: fc.nat(20), isRemoved: fc.boolean() }), {
    selector: ({ key }) => key,
  });
  fc.assert(
    fc.property(keys, fc.array(delta, { maxLength: 3 }), (base, deltas) => {
      const rows = new Map(base.map((key) => [key, false]));
      for (const { key, isRemoved } of deltas.flat()) rows.set(key, isRemoved);
      const written = [...rows.values()].filter((isRemoved) => !isRemoved).length;
      const manifest = {
        segments: [
          segment("base", base.length),
          ...deltas.map((own, i) => segment("delta", own.length, "b0000", `d${i}`)),
        ],
      };
      expect(rowsFault(manifest, major("b0000"), [segment("base", written, "b0000", "new")])).toBeUndefined();
    }),
  );
});
