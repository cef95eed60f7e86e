/** What a run has done, as counters; what its tables are like, as gauges. */
import { expect, test } from "@jest/globals";
import { DynalakeError } from "../../src/core/error.ts";
import type { TableStatus } from "../../src/index.ts";
import { metricsText } from "../../src/monitor/metrics-text.ts";
import { runMetrics } from "../../src/monitor/run-metrics.ts";
import { RunTally } from "../../src/monitor/run-tally.ts";
import { tableStatus } from "../support/table-status.ts";

const STATUS = tableStatus({
  health: "gap",
  rows: 7,
  snapshot: { exportTimeSeconds: 0, items: 3 },
  stream: { streamArn: "arn", behindSeconds: undefined, savedAtSeconds: 50, newestChangeSeconds: 40 },
  commits: { newest: 2, newestAtSeconds: 60, asOfFromSeconds: 0 },
  segments: { base: 1, deltas: 2, rows: 1, bytes: 9 },
  quarantine: { "no-key": 4, "newer-is-held": 1 },
  openGaps: [
    { reason: "trimmed", detail: "", foundAtSeconds: 1, lostUntilSeconds: 1, snapshotAfterSeconds: 1 },
  ],
});

function samples(tally: RunTally, status: TableStatus = STATUS): readonly string[] {
  const text = metricsText(runMetrics([status], tally.tables));
  return text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
}

test("gauges show the tables, and leave out what is not known", () => {
  expect(samples(new RunTally())).toEqual([
    'dynalake_followed{table="orders"} 0',
    'dynalake_healthy{table="orders"} 0',
    'dynalake_rows{table="orders"} 7',
    'dynalake_open_gaps{table="orders"} 1',
    'dynalake_quarantine_files{table="orders",reason="no-key"} 4',
    'dynalake_quarantine_files{table="orders",reason="newer-is-held"} 1',
    'dynalake_drift_attributes{table="orders"} 0',
    'dynalake_segments{table="orders"} 3',
    'dynalake_segment_bytes{table="orders"} 9',
    'dynalake_newest_change_timestamp_seconds{table="orders"} 40',
    'dynalake_stream_read_timestamp_seconds{table="orders"} 50',
    'dynalake_last_commit_timestamp_seconds{table="orders"} 60',
  ]);
});

test("a table without quarantine has a 0 for it", () => {
  expect(samples(new RunTally(), tableStatus())).toContain(
    'dynalake_quarantine_files{table="orders",reason=""} 0',
  );
});

test("counters count the events of the run", () => {
  const tally = new RunTally();
  const table = "orders";
  const error = new DynalakeError("UNREACHABLE", "no answer");
  tally.take({ kind: "opened", table, resumed: true });
  tally.take({ kind: "delivered", table, changes: 5, caughtUp: true });
  tally.take({ kind: "delivered", table, changes: 2, caughtUp: true });
  tally.take({ kind: "quarantined", table, records: 3, reasons: ["no-key"] });
  tally.take({ kind: "compacted", table, compaction: "minor", rows: 1, segments: 1, manifest: 2 });
  tally.take({ kind: "compacted", table, compaction: "minor", rows: 1, segments: 1, manifest: 3 });
  tally.take({ kind: "compacted", table, compaction: "major", rows: 1, segments: 1, manifest: 4 });
  tally.take({ kind: "compaction-failed", table, error });
  tally.take({ kind: "snapshot-failed", table, error });
  tally.take({ kind: "not-followed", table, error });
  tally.take({ kind: "snapshot-begun", table: "Orders" });
  const counted = samples(tally).filter((line) => line.includes("_total{"));
  expect(counted).toEqual([
    'dynalake_changes_delivered_total{table="orders"} 7',
    'dynalake_records_quarantined_total{table="orders"} 3',
    'dynalake_gaps_found_total{table="orders"} 0',
    'dynalake_compactions_total{table="orders",kind="minor"} 2',
    'dynalake_compactions_total{table="orders",kind="major"} 1',
    'dynalake_compaction_failures_total{table="orders"} 1',
    'dynalake_snapshot_failures_total{table="orders"} 1',
    'dynalake_source_failures_total{table="orders"} 1',
  ]);
});
