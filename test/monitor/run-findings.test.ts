/** What a run knows to be wrong by its events. */
import { expect, test } from "@jest/globals";
import { DynalakeError } from "../../src/core/error.ts";
import type { SnapshotReport } from "../../src/index.ts";
import { endFindings, runFindings } from "../../src/monitor/run-findings.ts";
import { RunTally } from "../../src/monitor/run-tally.ts";

const table = "orders";
const error = new DynalakeError("UNREACHABLE", "no answer");

test("a source that cannot be read and a snapshot that failed are findings until they are over", () => {
  const tally = new RunTally();
  tally.take({ kind: "opened", table, resumed: true });
  expect(runFindings(tally.tables)).toEqual([]);
  tally.take({ kind: "not-followed", table, error });
  tally.take({ kind: "snapshot-failed", table, error });
  expect(runFindings(tally.tables)).toMatchObject([
    { id: "source", table, severity: "bad", detail: expect.stringMatching(/^UNREACHABLE: no answer\. /) },
    { id: "snapshot", table, severity: "warn", detail: expect.stringMatching(/^UNREACHABLE: no answer\. /) },
  ]);
  tally.take({ kind: "opened", table, resumed: true });
  tally.take({ kind: "snapshot-taken", table, report: {} as SnapshotReport });
  expect(runFindings(tally.tables)).toEqual([]);
});

test("a run that ended with an error is a finding of each table, without the text of an unknown error", () => {
  expect(endFindings(["a", "b"], error)).toMatchObject([
    { table: "a", title: "the run has ended", detail: expect.stringMatching(/^UNREACHABLE: no answer\. /) },
    { table: "b" },
  ]);
  expect(endFindings(["a"], new Error("hush"))[0]?.detail).not.toContain("hush");
});
