import { describe, expect, test } from "@jest/globals";
import { rejectionMeanings } from "../../../src/core/change/change.ts";
import {
  changeObjectPath,
  changesFolder,
  changesHourFolder,
  gapPath,
  gapsFolder,
  hourOf,
  hourStartSeconds,
  manifestFolder,
  manifestPath,
  manifestSequence,
  parseChangeObject,
  partColumn,
  positionPath,
  quarantineFolder,
  quarantinePath,
  quarantineReason,
  runOfPath,
  schemaPath,
  segmentFolder,
  segmentOfPath,
  segmentsFolder,
  sourcePath,
  stageFolder,
  stagingFolder,
  stagingRunFolder,
  streamBeginningPath,
  streamWatchPath,
} from "../../../src/core/format/lake-path.ts";
import * as fc from "../../support/fast-check.ts";

const SAFE = [..."abcXYZ019_-"];
const table = fc.string({ unit: fc.constantFrom(...SAFE), minLength: 1, maxLength: 10 });
const id = fc
  .string({ unit: fc.constantFrom(...SAFE), minLength: 1, maxLength: 40 })
  .filter((name) => !name.startsWith("_"));
const seconds = fc.oneof(
  fc.integer({ min: 0, max: 253_402_300_799 }),
  fc.integer({ min: 1_700_000_000, max: 1_800_000_000 }),
);

/** Every path and folder built from names. */
const builders: Readonly<Record<string, (name: string) => string>> = {
  schemaPath,
  positionPath,
  sourcePath,
  streamBeginningPath,
  streamWatchPath,
  manifestFolder,
  manifestPath: (name) => manifestPath(name, 1),
  segmentsFolder,
  "segmentFolder of a table": (name) => segmentFolder(name, "r", "b"),
  "segmentFolder of a run": (name) => segmentFolder("t", name, "b"),
  "segmentFolder of a part": (name) => segmentFolder("t", "r", name),
  stagingFolder,
  "stagingRunFolder of a table": (name) => stagingRunFolder(name, "r"),
  "stagingRunFolder of a run": (name) => stagingRunFolder("t", name),
  gapsFolder,
  "gapPath of a table": (name) => gapPath(name, "g"),
  "gapPath of a gap": (name) => gapPath("t", name),
  quarantineFolder,
  "quarantinePath of a table": (name) => quarantinePath(name, "no-key", "q"),
  "quarantinePath of a reason": (name) => quarantinePath("t", name, "q"),
  "quarantinePath of an object": (name) => quarantinePath("t", "no-key", name),
  changesFolder,
  changesHourFolder: (name) => changesHourFolder(name, hourOf(0)),
  "changeObjectPath of a table": (name) => changeObjectPath(name, 0, 0, "c"),
  "changeObjectPath of an object": (name) => changeObjectPath("t", 0, 0, name),
};

describe.each(Object.entries(builders))("%s", (_, build) => {
  test("takes names that are safe everywhere, and holds them", () => {
    fc.assert(
      fc.property(table, (name) => {
        expect(build(name)).toContain(name);
      }),
      { numRuns: 20 },
    );
  });

  test("lets no name lead out of the lake or break a path", () => {
    for (const name of [
      "",
      ".",
      "..",
      "../x",
      "a/b",
      "/a",
      "a\\b",
      "a b",
      "a.b",
      "ä",
      "a\n",
      "\u0000",
      "a'",
      "a=b",
      "%2e",
    ]) {
      expect(() => build(name)).toThrow(/A-Z/);
    }
  });
});

describe("an object of the change log", () => {
  test("tells its hour and its newest change by its path", () => {
    fc.assert(
      fc.property(table, seconds, seconds, id, (name, arrived, newest, object) => {
        const path = changeObjectPath(name, arrived, newest, object);
        const told = { path, id: object, hour: hourOf(arrived), newestChangeSeconds: newest };
        expect(parseChangeObject(path)).toEqual(told);
        expect(path.startsWith(changesHourFolder(name, hourOf(arrived)))).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  test("lies where the layout says", () => {
    expect(changeObjectPath("reviews", 1_763_874_600, 1_763_874_599, "a-b")).toBe(
      "reviews/changes/dt=2025-11-23/hr=05/a-b_until-1763874599.parquet",
    );
  });

  test("that others named has an hour, but tells of no newest change", () => {
    const path = "reviews/changes/dt=2025-11-23/hr=05/delivery-1-2025-11-23-05-10-00-uuid.parquet";
    expect(parseChangeObject(path)).toEqual({
      path,
      id: "delivery-1-2025-11-23-05-10-00-uuid.parquet",
      hour: { dt: "2025-11-23", hr: "05" },
      newestChangeSeconds: undefined,
    });
  });

  test.each([
    "reviews/changes/dt=2025-11-23/hr=05/.hidden.parquet",
    "reviews/changes/dt=2025-11-23/hr=05/_temporary",
    "reviews/changes/dt=2025-11-23/hr=05/",
    "reviews/changes/dt=2025-11-23/hr=05/deeper/a.parquet",
    "reviews/changes/dt=2025-11-23/a.parquet",
    "reviews/changes/hr=05/dt=2025-11-23/a.parquet",
    "reviews/segments/dt=2025-11-23/hr=05/a.parquet",
    "reviews/schema.json",
    "",
  ])("is not %j", (path) => {
    expect(parseChangeObject(path)).toBeUndefined();
  });
});

describe("an hour", () => {
  test("holds the second that it was made of, and begins with a full hour", () => {
    fc.assert(
      fc.property(seconds, (second) => {
        const start = hourStartSeconds(hourOf(second));
        expect(start % 3600).toBe(0);
        expect(start <= second && second < start + 3600).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  test("comes before a later one in the order of its folders' names", () => {
    fc.assert(
      fc.property(seconds, seconds, (a, b) => {
        const [folderA, folderB] = [changesHourFolder("t", hourOf(a)), changesHourFolder("t", hourOf(b))];
        if (Math.floor(a / 3600) < Math.floor(b / 3600)) expect(folderA < folderB).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});

describe("a manifest's path", () => {
  test("tells its number, and its order is the order of the numbers", () => {
    const sequence = fc.oneof(fc.integer({ min: 1, max: 999_999_999_999 }), fc.integer({ min: 1, max: 200 }));
    fc.assert(
      fc.property(table, sequence, sequence, (name, a, b) => {
        expect(manifestSequence(manifestPath(name, a))).toBe(a);
        expect(manifestPath(name, a) < manifestPath(name, b)).toBe(a < b);
      }),
      { numRuns: 300 },
    );
  });

  test.each([
    "t/manifest/42.json",
    "t/manifest/000000000042.json.tmp",
    "t/manifest/x000000000042.json",
    "t/manifest/000000000042",
    "t/gaps/000000000042.json",
    "t/manifest/",
  ])("is not %s", (path) => {
    expect(manifestSequence(path)).toBeUndefined();
  });
});

test("the run of a segment or of something staged is known by its path", () => {
  fc.assert(
    fc.property(table, id, id, (name, run, part) => {
      expect(runOfPath(`${segmentFolder(name, run, part)}0.parquet`)).toBe(run);
      expect(runOfPath(`${stagingRunFolder(name, run)}items-0.jsonl`)).toBe(run);
    }),
    { numRuns: 100 },
  );
  for (const path of [
    "t/changes/dt=2025-11-23/hr=05/a.parquet",
    "t/segments/",
    "t/segments/file",
    "segments/r/b/",
  ]) {
    expect(runOfPath(path)).toBeUndefined();
  }
});

test("an object of a segment tells its run and its part, in a folder of its own or in one that a statement made", () => {
  fc.assert(
    fc.property(table, id, id, fc.nat(), (name, run, part, statement) => {
      expect(segmentOfPath(`${segmentFolder(name, run, part)}rows.parquet`)).toEqual({ run, part });
      const taken = ["segment_part", "segment_part_"];
      // The last one is what 0.1.0 wrote.
      for (const column of [partColumn([]), partColumn(taken), "_segment_part"]) {
        const folder = `${stageFolder(name, run, statement)}${column}=${part}/`;
        expect(segmentOfPath(`${folder}2026_x`)).toEqual({ run, part });
      }
      expect(taken).not.toContain(partColumn(taken));
    }),
    { numRuns: 100 },
  );
  for (const path of [
    "t/segments/r/x",
    "t/segments/x",
    "t/staging/r/p/x",
    "segments/r/p/x",
    "t/segments/r/0/p/x",
  ])
    expect(segmentOfPath(path)).toBeUndefined();
});

describe("an object of the quarantine", () => {
  test("tells its reason by its path", () => {
    fc.assert(
      fc.property(table, fc.constantFrom(...Object.keys(rejectionMeanings)), id, (name, reason, object) => {
        expect(quarantineReason(quarantinePath(name, reason, object))).toBe(reason);
      }),
      { numRuns: 100 },
    );
  });

  test.each([
    "t/quarantine/a.jsonl",
    "t/quarantine/no-key/a.json",
    "t/quarantine/no-key/deeper/a.jsonl",
    "t/gaps/no-key/a.jsonl",
    "quarantine/no-key/a.jsonl",
  ])("is not %s", (path) => {
    expect(quarantineReason(path)).toBeUndefined();
  });
});
