/** What a doctor concludes from the plan of a statement on a view. */
import { expect, test } from "@jest/globals";
import { judgePlan } from "../../../src/core/doctor/judge-plan.ts";

const at = (value: string) => ({ value, bound: "EXACTLY" });
const only = (value: string) => ({ low: at(value), high: at(value) });

interface Range {
  readonly low: object;
  readonly high: object;
}

function scan(table: string, column: string, ranges: readonly Range[] | undefined, none = false): object {
  const domain = { nullsAllowed: false, ranges };
  const columnConstraints = ranges === undefined ? [] : [{ columnName: column, type: "varchar", domain }];
  const constraint = { none, columnConstraints };
  return { table: { catalog: "c", schemaTable: { schema: "lake", table } }, constraint, estimate: {} };
}

const SEGMENTS = scan("t__segments", "_segment", [only("b-1"), { low: at("b-2"), high: at("b-3") }]);
const CHANGES = scan("t__changes", "dt", [only("2026-11-23")]);

function judged(...inputTableColumnInfos: readonly object[]) {
  return judgePlan({
    plan: JSON.stringify({ inputTableColumnInfos, estimate: {} }),
    ...{
      changes: "t__changes",
      segments: "t__segments",
      live: ["b-1", "b-2", "b-3"],
      sinceDay: "2026-11-23",
    },
  });
}

test("a plan of live segments and the newest days is seen", () => {
  expect(judged(SEGMENTS, CHANGES)).toMatchObject({
    verdict: "seen",
    evidence: "EXPLAIN names 2 of 3 live segments, no others, and the change log since 2026-11-23",
  });
  const nothing = scan("t__changes", "dt", undefined, true);
  expect(judged(SEGMENTS, nothing).evidence).toContain("none of the change log");
});

test("a plan of whole tables, of other segments, or of older days contradicts", () => {
  const others = [
    [scan("t__segments", "_segment", undefined), CHANGES],
    [SEGMENTS, scan("t__changes", "dt", undefined)],
    [scan("t__segments", "_segment", [only("b-1"), only("b-9")]), CHANGES],
    [scan("t__segments", "_segment", [{ low: at("b-1"), high: {} }]), CHANGES],
    [SEGMENTS, scan("t__changes", "dt", [only("2026-11-22")])],
    [SEGMENTS, scan("t__changes", "dt", [{ low: {}, high: at("2026-11-23") }])],
  ];
  for (const scans of others) expect(judged(...scans).verdict).toBe("contradicted");
});

test("an answer of another form shows nothing", () => {
  const facts = { changes: "t__changes", segments: "t__segments", live: [], sinceDay: "2026-11-23" };
  for (const plan of ["Fragment 0 [SINGLE]", "{}", ""])
    expect(judgePlan({ ...facts, plan }).verdict).toBe("not seen");
});
