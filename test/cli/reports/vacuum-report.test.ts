/** A vacuum that had no time for everything, in words. */
import { expect, test } from "@jest/globals";
import { vacuumText } from "../../../src/cli/reports/vacuum-report.ts";

const BEGUN = { sinceSeconds: 1_800_000_000 };

test("says since when a vacuum goes on, after how many passes, and when it will", () => {
  expect(vacuumText({ ...BEGUN, passes: 1, goesOn: "tick" })).toBe(
    "not done since 2027-01-15 08:00:00Z, after 1 pass; the next tick goes on with it",
  );
  expect(vacuumText({ ...BEGUN, passes: 24, goesOn: "day" })).toBe(
    "not done since 2027-01-15 08:00:00Z; waits for the next day, after 24 passes on this one",
  );
});
