import { describe, expect, test } from "@jest/globals";
import {
  LAKE_FORMAT,
  lakeFileBytes,
  NEWEST_FORMAT,
  parseLakeFile,
} from "../../../src/core/format/lake-file.ts";
import {
  baseSegments,
  deltaSegments,
  GAP_REASONS,
  type Gap,
  gapFile,
  initialManifest,
  type Manifest,
  manifestFile,
  manifestText,
  openGaps,
  type Segment,
} from "../../../src/core/format/manifest.ts";
import type { Recovery } from "../../../src/core/format/recovery.ts";
import type { SchemaFile } from "../../../src/core/schema/schema.ts";
import { anyCharacter } from "../../arbitraries/character.ts";
import * as fc from "../../support/fast-check.ts";

const PATH = "reviews/manifest/000000000007.json";

const count = fc.nat(2 ** 40);
const seconds = fc.nat(4_000_000_000);
const name = fc.stringMatching(/^[A-Za-z0-9_-]{1,40}$/);
const segment: fc.Arbitrary<Segment> = fc.record({
  id: name,
  run: name,
  part: name,
  kind: fc.constantFrom("base", "delta"),
  rows: count,
  bytes: count,
});
const gap: fc.Arbitrary<Gap> = fc.record({
  reason: fc.constantFrom(...GAP_REASONS),
  detail: fc.string({ unit: anyCharacter }),
  foundAtSeconds: seconds,
  lostUntilSeconds: seconds,
});
const SCHEMA: SchemaFile = { table: "t", key: { hash: "K" }, attributes: {} };
const recovery: fc.Arbitrary<Recovery> = fc.record({
  before: fc.constant(SCHEMA),
  columns: fc.array(name, { maxLength: 3 }),
  segments: fc.array(name, { maxLength: 3 }),
});
const manifest: fc.Arbitrary<Manifest> = fc.record({
  format: fc.constant(LAKE_FORMAT),
  sequence: count,
  run: name,
  kind: fc.constantFrom("snapshot", "minor", "major", "schema", "initial"),
  committedAtSeconds: seconds,
  floorSeconds: seconds,
  horizonSeconds: seconds,
  skewSeconds: seconds,
  buckets: fc.integer({ min: 1, max: 1000 }),
  schema: fc.constantFrom(null, SCHEMA),
  recovery: fc.option(recovery, { nil: undefined }),
  segments: fc.array(segment, { maxLength: 4 }),
  folded: fc.array(fc.string({ unit: anyCharacter }), { maxLength: 4 }),
  foldedSinceSeconds: seconds,
  snapshots: fc.array(
    fc.record({
      run: name,
      exportTimeSeconds: seconds,
      cutSeconds: seconds,
      items: count,
      segments: fc.array(segment, { maxLength: 2 }),
    }),
    { maxLength: 2 },
  ),
  gaps: fc.array(gap, { maxLength: 3 }),
});

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const parse = (text: string): Manifest => parseLakeFile(manifestFile, bytesOf(text), PATH);

test("a manifest comes back from its text", () => {
  fc.assert(
    fc.property(manifest, (written) => {
      expect(parse(manifestText(written))).toEqual(written);
    }),
  );
  expect(parse(manifestText(initialManifest(3)))).toEqual(initialManifest(3));
});

test("a manifest of a newer format is refused, whatever else is in it, with the advice to upgrade", () => {
  for (const rest of [{}, { sequence: "seven" }, initialManifest(1)]) {
    const text = JSON.stringify({ ...rest, format: NEWEST_FORMAT + 1 });
    expect(failure(() => parse(text))).toMatchObject({
      code: "LAKE_NEWER",
      message: expect.stringContaining(PATH),
      next: expect.stringContaining("Upgrade"),
    });
  }
});

test.each([
  ["nothing", ""],
  ["half of it", manifestText(initialManifest(1)).slice(0, 100)],
  ["null", "null"],
  ["a list", "[]"],
  ["an object of another kind", '{"format": 1}'],
  ["a format that is none", manifestText({ ...initialManifest(1), format: "1" as never })],
  ["a number that is none", manifestText({ ...initialManifest(1), horizonSeconds: -1 })],
  ["a run that leads out of its folder", manifestText({ ...initialManifest(1), run: "../x" })],
  ["a segment that leads out of its folder", withSegment({ part: "../../../etc" })],
  ["a segment of an unknown kind", withSegment({ kind: "other" as never })],
  [
    "a recovery without the schema before",
    manifestText({ ...initialManifest(1), recovery: { columns: [], segments: [] } as never }),
  ],
  [
    "a recovery of no columns",
    manifestText({ ...initialManifest(1), recovery: { before: SCHEMA, segments: [] } as never }),
  ],
  ["no buckets", manifestText({ ...initialManifest(1), buckets: 0 })],
])("%s in place of a manifest is told as damage, with the path", (_, text) => {
  expect(failure(() => parse(text))).toMatchObject({
    code: "LAKE_DAMAGED",
    message: expect.stringContaining(PATH),
  });
});

test("base and deltas are told apart", () => {
  const [base, delta] = [segmentOf("base"), segmentOf("delta")];
  const both = { ...initialManifest(1), segments: [delta, base] };
  expect(baseSegments(both)).toEqual([base]);
  expect(deltaSegments(both)).toEqual([delta]);
});

describe("gaps", () => {
  test("come back from their text, and damage is told with the path", () => {
    fc.assert(
      fc.property(gap, (written) =>
        expect(parseLakeFile(gapFile, lakeFileBytes(written), "p")).toEqual(written),
      ),
    );
    for (const text of ["", "{}", "null", '{"reason":"other"}']) {
      const found = failure(() => parseLakeFile(gapFile, bytesOf(text), "reviews/gaps/x.json"));
      expect(found).toMatchObject({ code: "LAKE_DAMAGED", message: expect.stringContaining("gaps/x.json") });
    }
  });

  test("without a snapshot all of them are open: nothing can have repaired them", () => {
    const gaps = [gapUntil(0), gapUntil(100)];
    expect(openGaps(initialManifest(1), gaps)).toEqual(gaps);
  });

  test("a snapshot repairs those whose lost changes are not newer than its floor", () => {
    const gaps = [gapUntil(99), gapUntil(100), gapUntil(101)];
    const snapshot = { run: "r", exportTimeSeconds: 220, cutSeconds: 200, items: 0, segments: [] };
    const seeded: Manifest = { ...initialManifest(1), floorSeconds: 100, snapshots: [snapshot] };
    expect(openGaps(seeded, gaps)).toEqual([gapUntil(101)]);
  });
});

function segmentOf(kind: Segment["kind"]): Segment {
  return { id: `r-${kind}`, run: "r", part: "b0000", kind, rows: 1, bytes: 1 };
}

function withSegment(change: Partial<Segment>): string {
  return manifestText({ ...initialManifest(1), segments: [{ ...segmentOf("base"), ...change }] });
}

function gapUntil(lostUntilSeconds: number): Gap {
  return { reason: "trimmed", detail: "", foundAtSeconds: 0, lostUntilSeconds };
}

function failure(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  throw new Error("nothing was thrown");
}
