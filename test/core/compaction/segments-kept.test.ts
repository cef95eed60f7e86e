/** How many segments are there at the same time. */
import { expect, test } from "@jest/globals";
import { type KeptTable, segmentsKept } from "../../../src/core/compaction/segments-kept.ts";

const HOUR = 3600;
const table: KeptTable = {
  parts: 1,
  compactEverySeconds: undefined,
  snapshotEverySeconds: undefined,
  retentionSeconds: 7 * 24 * HOUR,
};

test("a table that is never compacted has its base", () => {
  expect(segmentsKept({ ...table, parts: 10 })).toBe(10);
});

test("compactions add a delta each, and every eighth one all parts and another delta", () => {
  // Eight days, since a vacuum comes once a day.
  expect(segmentsKept({ ...table, compactEverySeconds: HOUR })).toBe(192 + 24 + 1 + 24);
  expect(segmentsKept({ ...table, parts: 1000, compactEverySeconds: 900 })).toBe(768 + 96 + 97_000);
});

test("snapshots add all parts", () => {
  expect(segmentsKept({ ...table, parts: 10, snapshotEverySeconds: 24 * HOUR })).toBe(90);
});

test("what is younger than a day is kept, however short the retention", () => {
  const compactEverySeconds = HOUR;
  expect(segmentsKept({ ...table, compactEverySeconds, retentionSeconds: HOUR })).toBe(48 + 6 + 1 + 6);
});

test("snapshots that are kept add all parts each, those that are kept no longer until a vacuum comes", () => {
  const daily = { ...table, parts: 10, snapshotEverySeconds: 24 * HOUR };
  expect(segmentsKept({ ...daily, snapshotsKept: 1 })).toBe(90);
  expect(segmentsKept({ ...daily, snapshotsKept: 31 })).toBe(90 + 300);
  expect(segmentsKept({ ...daily, snapshotsKept: { seconds: 30 * 24 * HOUR } })).toBe(90 + 300);
  expect(segmentsKept({ ...daily, snapshotsKept: "all" })).toBe(90 + 36_500);
  expect(segmentsKept({ ...table, parts: 10, snapshotsKept: 3 })).toBe(30);
});
