/** Commits as layers: each segment lives from the commit that brought it to the one that left it out. */
import { expect, test } from "@jest/globals";
import { type CommitSegments, layersOf } from "../../src/console/commit-layers.ts";
import { lanesOf } from "../../src/page/lanes.ts";
import * as fc from "../support/fast-check.ts";

const commit = (number: number, ids: readonly string[]): CommitSegments => ({
  number,
  kind: "minor",
  atSeconds: number * 60,
  segments: ids.map((id) => ({ id, kind: id.startsWith("b") ? "base" : "delta", rows: 10, bytes: 100 })),
});

test("a delta stays until a commit without it, and segments that share both ends are one layer", () => {
  const layers = layersOf([
    commit(1, ["b1", "b2"]),
    commit(2, ["b1", "b2", "d1"]),
    commit(3, ["b1", "b2", "d1", "d2"]),
    commit(4, ["b3"]),
  ]);
  expect(layers).toEqual([
    { kind: "base", segments: 2, rows: 20, bytes: 200, commit: 1, fromSeconds: 60, untilSeconds: 240 },
    { kind: "delta", segments: 1, rows: 10, bytes: 100, commit: 2, fromSeconds: 120, untilSeconds: 240 },
    { kind: "delta", segments: 1, rows: 10, bytes: 100, commit: 3, fromSeconds: 180, untilSeconds: 240 },
    { kind: "base", segments: 1, rows: 10, bytes: 100, commit: 4, fromSeconds: 240, untilSeconds: undefined },
  ]);
});

test("the live layers are the segments of the newest commit, and none covers another in its lane", () => {
  const histories = fc.array(fc.uniqueArray(fc.constantFrom("b1", "b2", "d1", "d2", "d3", "d4")), {
    minLength: 1,
  });
  fc.assert(
    fc.property(histories, (history) => {
      const layers = layersOf(history.map((ids, i) => commit(i + 1, ids)));
      const live = layers.filter(({ untilSeconds }) => untilSeconds === undefined);
      expect(live.reduce((sum, { segments }) => sum + segments, 0)).toBe(history.at(-1)?.length);
      const lanes = new Map<number, number>();
      for (const { layer, lane } of lanesOf(layers)) {
        expect(layer.fromSeconds).toBeGreaterThanOrEqual(lanes.get(lane) ?? 0);
        lanes.set(lane, layer.untilSeconds ?? Number.POSITIVE_INFINITY);
      }
    }),
  );
});
