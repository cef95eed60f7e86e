/** What a check of a source publishes. */
import { afterAll, beforeAll, expect, jest, test } from "@jest/globals";
import type { LookedAtSource, LookedHealth } from "../../src/aws/steps/look-at-source.ts";

/** They make Powertools write by `console`, and publish all the same. */
const variables = {
  POWERTOOLS_DEV: "true",
  POWERTOOLS_METRICS_DISABLED: "false",
  POWERTOOLS_METRICS_NAMESPACE: "dynalake/lake",
};
const before = { ...process.env };
let lines: string[] = [];
let tellLook: (source: string, looked: LookedAtSource) => void;

beforeAll(async () => {
  Object.assign(process.env, variables);
  jest.spyOn(console, "log").mockImplementation((line: string) => void lines.push(line));
  ({ tellLook } = await import("../../src/aws/lambda/tell-look.ts"));
});
afterAll(() => {
  jest.restoreAllMocks();
  process.env = before;
});

const HEALTHY: LookedHealth = {
  OpenGaps: 0,
  QuarantineObjects: 0,
  ErrorObjects: 0,
  WaitingObjects: 0,
  UndeliveredObjects: 0,
  HiddenValues: 0,
};

function published(
  metrics: Partial<LookedAtSource["metrics"]>,
  health: Partial<LookedHealth>,
): readonly object[] {
  lines = [];
  tellLook("Orders", {
    metrics: { FailedLooks: 0, StreamUnreadSeconds: 0, OnFailureObjects: 0, ...metrics },
    tables: [{ table: "orders", health: { ...HEALTHY, ...health }, gaps: [], unreadSeconds: 0 }],
    failures: [],
  });
  return lines.map((line) => JSON.parse(line) as object);
}

test("an idle source and its tables publish nothing: each metric is billed for the hours that have values", () => {
  expect(published({}, {})).toEqual([]);
});

test("what waits for a person is published, of the source and of the table that has it", () => {
  const found = published({ OnFailureObjects: 2 }, { OpenGaps: 1, UndeliveredObjects: 3, HiddenValues: 4 });
  expect(found).toHaveLength(2);
  expect(found[0]).toMatchObject({ Source: "Orders", OnFailureObjects: 2 });
  expect(found[0]).not.toHaveProperty("FailedLooks");
  expect(found[1]).toMatchObject({
    LakeTable: "orders",
    OpenGaps: 1,
    UndeliveredObjects: 3,
    HiddenValues: 4,
  });
  expect(found[1]).not.toHaveProperty("ErrorObjects");
});
