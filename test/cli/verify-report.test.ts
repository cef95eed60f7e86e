import { expect, test } from "@jest/globals";
import { verifyText } from "../../src/cli/reports/verify-report.ts";

const NONE = {
  missing: 0,
  extra: 0,
  different: 0,
  repeated: 0,
  unreadable: 0,
  waiting: 0,
  changing: 0,
  unknown: 0,
  newer: 0,
};

test("keys and names are printed as JSON that moves no terminal's cursor", () => {
  const key = { Id: { S: "a\u009b2J\u007f\u001b[2J\nb" } };
  const name = 'x\u009b"y\u0085';
  const text = verifyText({
    table: "t",
    source: "T",
    sourceItems: 1,
    skipped: 0,
    lakeItems: 1,
    ranges: { used: 1, differing: 1 },
    candidates: 1,
    counts: { ...NONE, different: 1 },
    differences: [{ kind: "different", keyHash: "0", key, attributes: [name] }],
    unsettled: [],
    hidden: [],
    result: "different",
    quarantine: 0,
    undelivered: { failedBatches: 0, unconverted: 0, waiting: 0 },
    openGaps: [],
  });
  expect(text.replaceAll("\n", "")).not.toMatch(/\p{Cc}/u);
  const [, shownKey = "", shownName = ""] = /^different {3}(\{.*\}) {2}(".*")$/m.exec(text) ?? [];
  expect(JSON.parse(shownKey)).toEqual(key);
  expect(JSON.parse(shownName)).toBe(name);
});
