/** What a doctor concludes from what it reads. */
import { describe, expect, test } from "@jest/globals";
import {
  judgeAccess,
  judgeCommits,
  judgeErrors,
  judgeFailedBatches,
  judgeMapping,
  judgeSnapshot,
  judgeStack,
  judgeStreamLabel,
  judgeView,
  type StackFacts,
} from "../../../src/core/doctor/judge-deployment.ts";
import { judgeHours, judgeLog, type LogFacts } from "../../../src/core/doctor/judge-log.ts";
import {
  judgeSegments,
  judgeStatements,
  type SegmentFacts,
} from "../../../src/core/doctor/judge-segments.ts";
import { verdicts } from "../../support/verdicts.ts";

const [SEEN, NOT_SEEN, CONTRADICTED] = ["seen", "not seen", "contradicted"];

describe("a table of another account", () => {
  const access = { allowed: ["DescribeTable"], refused: [], lastResult: "OK" };

  test("is seen where its owner's role is answered, and Lambda reads the stream", () => {
    expect(judgeAccess(access)).toMatchObject({
      verdict: SEEN,
      evidence: expect.stringContaining("DescribeTable"),
    });
    expect(judgeAccess({ ...access, lastResult: undefined }).verdict).toBe(SEEN);
  });

  test("is contradicted by a refusal, or by a stream that is not read", () => {
    const refused = [{ call: "DescribeExport", failure: "AccessDeniedException" }];
    expect(judgeAccess({ ...access, refused })).toMatchObject({
      verdict: CONTRADICTED,
      evidence: "DescribeExport is refused (AccessDeniedException)",
    });
    expect(judgeAccess({ ...access, lastResult: "PROBLEM: access denied" }).verdict).toBe(CONTRADICTED);
  });
});

describe("a change log", () => {
  const facts: LogFacts = {
    rows: 12,
    changes: 10,
    changesAgain: 3,
    backwardsSecondsMax: 2,
    lateSecondsMax: 600,
    objectsRead: 2,
    objectsBefore: 2,
    objectsAfter: 2,
    bytesScanned: 900,
    bytesListed: 1000,
    hasOlderHours: true,
    recordsTaken: 4,
    rowsMissing: 0,
  };
  const judged = (changed: Partial<LogFacts>) => verdicts(judgeLog({ ...facts, ...changed }));

  test("that is as it should be", () => {
    expect(new Set(Object.values(judged({})))).toEqual(new Set([SEEN]));
  });

  test("of 24 hours without changes shows nothing", () => {
    const none = { rows: 0, changes: 0, objectsRead: 0, objectsBefore: 0, objectsAfter: 0 };
    expect(new Set(Object.values(judged(none)))).toEqual(new Set([NOT_SEEN]));
  });

  test("may run backwards by the skew allowance, and no further", () => {
    expect(judged({ backwardsSecondsMax: 120 })["order-of-changes"]).toBe(SEEN);
    expect(judged({ backwardsSecondsMax: 121 })["order-of-changes"]).toBe(CONTRADICTED);
    expect(judged({ changesAgain: 0 })["order-of-changes"]).toBe(NOT_SEEN);
  });

  test("is read whole, and no more than that", () => {
    expect(judged({ objectsRead: 1 }).projection).toBe(CONTRADICTED);
    expect(judged({ objectsRead: 3 }).projection).toBe(CONTRADICTED);
    expect(judged({ objectsRead: 3, objectsAfter: 3 }).projection).toBe(SEEN);
    expect(judged({ bytesScanned: 1001 }).projection).toBe(CONTRADICTED);
    expect(judged({ bytesScanned: 1001, hasOlderHours: false }).projection).toBe(SEEN);
  });

  test("without repeats, with a very late change, or with a record for each row, shows less; lost rows contradict", () => {
    expect(judged({ rows: 10 })["at-least-once"]).toBe(NOT_SEEN);
    expect(judged({ lateSecondsMax: 27 * 3600 })["late-delivery"]).toBe(NOT_SEEN);
    expect(judged({ recordsTaken: 12 })["concatenated-objects"]).toBe(NOT_SEEN);
    expect(judged({ rowsMissing: 1 })["concatenated-objects"]).toBe(CONTRADICTED);
    expect(judged({ rowsMissing: undefined })["concatenated-objects"]).toBe(SEEN);
    expect(judged({ recordsTaken: undefined })["concatenated-objects"]).toBe(NOT_SEEN);
  });

  test("has objects that are not older than their hours", () => {
    const hour = { dt: "2026-11-23", hr: "05" };
    const begins = Date.parse("2026-11-23T05:00:00Z") / 1000;
    const judgedHours = (...offsets: readonly number[]) =>
      judgeHours(offsets.map((offset) => ({ hour, writtenAtSeconds: begins + offset }))).verdict;
    expect(judgedHours()).toBe(NOT_SEEN);
    expect(judgedHours(-30, 3599)).toBe(NOT_SEEN);
    expect(judgedHours(10, 3600)).toBe(SEEN);
    expect(judgedHours(-61, 3600)).toBe(CONTRADICTED);
  });
});

describe("segments", () => {
  const segments = [
    { id: "b-1", rows: 5 },
    { id: "d-2", rows: 1 },
  ];
  const found = new Map([
    ["b-1", 5],
    ["d-2", 1],
  ]);
  const facts: SegmentFacts = {
    segments,
    live: segments,
    byNames: found,
    byRanges: found,
    columnsOfPartition: 3,
    columnsOfTable: 4,
  };
  const judged = (changed: Partial<SegmentFacts>) => verdicts(judgeSegments({ ...facts, ...changed }));

  test("have the rows of their commits, and are found by names and by ranges", () => {
    expect(new Set(Object.values(judged({})))).toEqual(new Set([SEEN]));
    expect(new Set(Object.values(judged({ segments: [], live: [] })))).toEqual(new Set([NOT_SEEN]));
    expect(judged({ columnsOfPartition: 4 })["older-partitions"]).toBe(NOT_SEEN);
  });

  test("with other rows contradict", () => {
    const byNames = new Map([
      ["b-1", 4],
      ["d-2", 1],
    ]);
    expect(judged({ byNames })).toMatchObject({
      "own-locations": CONTRADICTED,
      "older-partitions": NOT_SEEN,
    });
  });

  test("that are missing, or others, contradict", () => {
    const name = "segment-names";
    expect(judged({ byRanges: new Map([["b-1", 5]]) })[name]).toBe(CONTRADICTED);
    expect(judged({ byRanges: new Map([...found, ["b-9", 1]]) })[name]).toBe(CONTRADICTED);
    expect(judged({ byNames: new Map([...found, ["b-9", 1]]) })[name]).toBe(CONTRADICTED);
  });

  test("are written by one query for each statement", () => {
    const one = { queries: 1, parts: 7, files: 4, unnamed: 0 };
    const judgedFiles = (...statements: Parameters<typeof judgeStatements>[0]) =>
      verdicts(judgeStatements(statements))["statement-token"];
    expect(judgedFiles()).toBe(NOT_SEEN);
    expect(judgedFiles(one, one)).toBe(SEEN);
    expect(judgedFiles(one, { ...one, queries: 2 })).toBe(CONTRADICTED);
    expect(judgedFiles(one, { ...one, unnamed: 1 })).toBe(NOT_SEEN);
  });
});

test("a commit that was replaced contradicts; that none was proves little", () => {
  expect(judgeCommits({ commits: 3, replaced: 0 }).verdict).toBe(NOT_SEEN);
  expect(judgeCommits({ commits: 3, replaced: 1 }).verdict).toBe(CONTRADICTED);
});

test("a mapping reports what is expected, and a problem without its text", () => {
  const fine = { state: "Enabled", lastResult: "OK", isChangeDated: true };
  expect(judgeMapping(fine).verdict).toBe(SEEN);
  expect(judgeMapping({ ...fine, lastResult: "No records processed" }).verdict).toBe(SEEN);
  expect(judgeMapping({ ...fine, lastResult: undefined }).verdict).toBe(NOT_SEEN);
  const problem = judgeMapping({ ...fine, lastResult: "PROBLEM: Function call failed\nfor ann" });
  expect(problem).toMatchObject({ verdict: SEEN, evidence: expect.not.stringContaining("ann") });
  for (const other of [{ state: "Paused" }, { lastResult: "Fine" }, { isChangeDated: false }])
    expect(judgeMapping({ ...fine, ...other }).verdict).toBe(CONTRADICTED);
});

test("a stream's label is compared with its creation", () => {
  expect(judgeStreamLabel({ labelSeconds: 100.4, createdSeconds: 100 }).verdict).toBe(SEEN);
  expect(judgeStreamLabel({ labelSeconds: 100, createdSeconds: 110 }).verdict).toBe(CONTRADICTED);
  expect(judgeStreamLabel({ labelSeconds: undefined, createdSeconds: 110 }).verdict).toBe(CONTRADICTED);
  expect(judgeStreamLabel({ labelSeconds: 100, createdSeconds: undefined }).verdict).toBe(NOT_SEEN);
});

test("what was put aside is looked at", () => {
  expect(judgeFailedBatches({ objects: 0, records: undefined }).verdict).toBe(NOT_SEEN);
  expect(judgeFailedBatches({ objects: 1, records: 9 }).verdict).toBe(SEEN);
  expect(judgeFailedBatches({ objects: 1, records: undefined }).verdict).toBe(CONTRADICTED);
});

test("what Firehose refused is seen by its code, and must be readable", () => {
  const none = { objects: 0, codes: [], records: undefined };
  expect(new Set(Object.values(verdicts(judgeErrors(none))))).toEqual(new Set([NOT_SEEN]));
  const codes = ["DataFormatConversion.MalformedData", "secret of an item"];
  expect(judgeErrors({ objects: 1, codes, records: 3 })).toMatchObject([
    { verdict: SEEN, evidence: "1 file in errors/, with DataFormatConversion.MalformedData" },
    { verdict: SEEN, evidence: "of 1 file in errors/, one has 3 records" },
  ]);
  const other = { objects: 1, codes: ["S3.AccessDenied"], records: undefined };
  expect(verdicts(judgeErrors(other))).toEqual({ "refused-values": NOT_SEEN, "error-files": CONTRADICTED });
});

test("a committed snapshot has shown what brought it about", () => {
  const snapshot = { run: "r", exportTimeSeconds: 1, cutSeconds: 1, items: 2, segments: [] };
  expect(new Set(Object.values(verdicts(judgeSnapshot({ snapshots: [snapshot] }))))).toEqual(new Set([SEEN]));
  expect(new Set(Object.values(verdicts(judgeSnapshot({ snapshots: [] }))))).toEqual(new Set([NOT_SEEN]));
});

test("a view that answers is seen, a stale one contradicts", () => {
  const judged = (outcome: "answered" | "stale" | "failed") =>
    verdicts(judgeView({ hasVersion: true, outcome }))["glue-views"];
  expect([judged("answered"), judged("stale"), judged("failed")]).toEqual([SEEN, CONTRADICTED, NOT_SEEN]);
  expect(verdicts(judgeView({ hasVersion: false, outcome: "answered" }))["version-id"]).toBe(CONTRADICTED);
});

test("a stack that was updated while changes came shows that they go on", () => {
  const facts: StackFacts = {
    status: "UPDATE_COMPLETE",
    updatedAtSeconds: 100,
    deliveredAtSeconds: 200,
    gapsSince: 0,
    lookedAtSeconds: 150,
  };
  const judged = (changed: Partial<StackFacts>) => verdicts(judgeStack({ ...facts, ...changed }));
  expect(new Set(Object.values(judged({})))).toEqual(new Set([SEEN]));
  expect(judged({ updatedAtSeconds: undefined }).updates).toBe(NOT_SEEN);
  expect(judged({ gapsSince: 1 }).updates).toBe(NOT_SEEN);
  expect(judged({ deliveredAtSeconds: 100 }).updates).toBe(NOT_SEEN);
  expect(judged({ lookedAtSeconds: undefined })).toMatchObject({
    "asynchronous-invocations": NOT_SEEN,
    "name-patterns": NOT_SEEN,
  });
  expect(judged({ status: "UPDATE_ROLLBACK_FAILED" })["custom-resources"]).toBe(NOT_SEEN);
});
