import { describe, expect, test } from "@jest/globals";
import { gapFound, gapOfFirstStart } from "../../src/core/gap.ts";
import { initialManifest, type Manifest, openGaps } from "../../src/core/manifest.ts";

const NOW = 1_800_000_000;
const HOUR = 3600;
const ARN = "arn:aws:dynamodb:eu-west-1:123456789012:table/t/stream/2026";

describe("a hole that a reader has found", () => {
  test.each(["trimmed", "shard-expired"] as const)(
    "%s: the lost changes may be as young as what a stream surely keeps",
    (reason) => {
      const stream = { arn: ARN, createdAtSeconds: NOW - 100 * HOUR };
      expect(gapFound({ reason, detail: "shard 1" }, stream, NOW)).toEqual({
        reason,
        detail: "shard 1",
        foundAtSeconds: NOW,
        lostUntilSeconds: NOW - 23 * HOUR,
      });
    },
  );

  test("stream-recreated: changes may be lost until the new stream was created", () => {
    const found = { reason: "stream-recreated", detail: "" } as const;
    const stream = { arn: ARN, createdAtSeconds: NOW - 10.5 };
    expect(gapFound(found, stream, NOW)).toMatchObject({ lostUntilSeconds: NOW - 10 });
    expect(gapFound(found, { arn: ARN }, NOW)).toMatchObject({ lostUntilSeconds: NOW });
  });

  test("is mended by a snapshot whose floor is not before the last lost change, and by no older one", () => {
    const gap = gapFound({ reason: "trimmed", detail: "" }, { arn: ARN }, NOW);
    expect(openGaps(seeded(NOW - 23 * HOUR - 1), [gap])).toEqual([gap]);
    expect(openGaps(seeded(NOW - 23 * HOUR), [gap])).toEqual([]);
  });
});

describe("a stream that is read for the first time", () => {
  test("leaves no hole where there is no snapshot: the lake is what the changes say", () => {
    expect(gapOfFirstStart(initialManifest(1), { arn: ARN, createdAtSeconds: NOW }, NOW)).toBeUndefined();
  });

  test("leaves none where it is older than the snapshot and still holds all since then", () => {
    const stream = { arn: ARN, createdAtSeconds: NOW - 10 * HOUR };
    expect(gapOfFirstStart(seeded(NOW - 9 * HOUR), stream, NOW)).toBeUndefined();
    expect(gapOfFirstStart(seeded(NOW - 9 * HOUR), { arn: ARN }, NOW)).toBeUndefined();
    expect(gapOfFirstStart(seeded(NOW - 10 * HOUR), stream, NOW)).toBeUndefined();
  });

  test("leaves one where it was created after the snapshot", () => {
    const stream = { arn: ARN, createdAtSeconds: NOW - 5 * HOUR };
    const gap = gapOfFirstStart(seeded(NOW - 9 * HOUR), stream, NOW);
    expect(gap).toMatchObject({
      reason: "started-late",
      foundAtSeconds: NOW,
      lostUntilSeconds: NOW - 5 * HOUR,
      detail: expect.stringContaining("younger than the last snapshot"),
    });
  });

  test("leaves one where it may have dropped changes since the snapshot", () => {
    const stream = { arn: ARN, createdAtSeconds: NOW - 100 * HOUR };
    expect(gapOfFirstStart(seeded(NOW - 23 * HOUR), stream, NOW)).toBeUndefined();
    expect(gapOfFirstStart(seeded(NOW - 23 * HOUR - 1), stream, NOW)).toMatchObject({
      reason: "started-late",
      lostUntilSeconds: NOW - 23 * HOUR,
      detail: expect.stringContaining("more than 23 hours after"),
    });
  });

  test("is judged by the last snapshot", () => {
    const older = { run: "o", exportTimeSeconds: 0, cutSeconds: 0, items: 0, segments: [] };
    const { snapshots, ...rest } = seeded(NOW - HOUR);
    const stream = { arn: ARN, createdAtSeconds: NOW - 2 * HOUR };
    expect(gapOfFirstStart({ ...rest, snapshots: [older, ...snapshots] }, stream, NOW)).toBeUndefined();
  });
});

/** A table whose snapshot shows the items as of a moment, with its floor there. */
function seeded(cutSeconds: number): Manifest {
  const snapshot = { run: "s", exportTimeSeconds: cutSeconds, cutSeconds, items: 0, segments: [] };
  return { ...initialManifest(1), floorSeconds: cutSeconds, snapshots: [snapshot] };
}
