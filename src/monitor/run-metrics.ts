/** The metrics of a run: what its tables are like, and what it has done since it began. docs/operations.md lists them. */
import type { TableStatus } from "../library/reports.ts";
import type { Metric, Sample } from "./metrics-text.ts";
import type { TableTally } from "./run-tally.ts";

export function runMetrics(
  statuses: readonly TableStatus[],
  tallies: ReadonlyMap<string, TableTally>,
): readonly Metric[] {
  return [...stateMetrics(statuses, tallies), ...countMetrics(tallies)];
}

function stateMetrics(
  statuses: readonly TableStatus[],
  tallies: ReadonlyMap<string, TableTally>,
): readonly Metric[] {
  const gauge = (name: string, help: string, of: (status: TableStatus) => number | undefined): Metric => ({
    name: `dynalake_${name}`,
    type: "gauge",
    help,
    samples: statuses.map((status) => ({ labels: { table: status.table }, value: of(status) })),
  });
  return [
    gauge(
      "lag_seconds",
      "How far the lake is behind the stream; absent while a shard was never read.",
      (s) => (s.stream === undefined ? undefined : s.stream.behindSeconds),
    ),
    gauge("followed", "1 while this run reads the stream.", ({ table }) =>
      tallies.get(table)?.isFollowed === true ? 1 : 0,
    ),
    gauge("healthy", "1 if dynalake status says healthy.", ({ health }) => (health === "healthy" ? 1 : 0)),
    gauge("rows", "Rows of the table now.", ({ rows }) => rows),
    gauge("waiting_records", "Records that were fetched and are not delivered.", ({ following }) =>
      typeof following?.waitingRecords === "number" ? following.waitingRecords : undefined,
    ),
    gauge("open_gaps", "Gaps that no snapshot has repaired.", ({ openGaps }) => openGaps.length),
    {
      name: "dynalake_quarantine_files",
      type: "gauge",
      help: "Files in quarantine.",
      samples: statuses.flatMap(quarantineSamples),
    },
    gauge(
      "drift_attributes",
      "Attributes whose values SQL does not show, or not whole.",
      ({ drift }) => drift?.filter(({ hidden }) => hidden > 0).length,
    ),
    gauge(
      "segments",
      "Segments of the base and the deltas.",
      ({ segments: { base, deltas } }) => base + deltas,
    ),
    gauge("segment_bytes", "The size of the segments.", ({ segments }) => segments.bytes),
    gauge(
      "newest_change_timestamp_seconds",
      "When the newest change that was delivered was written.",
      ({ stream, following }) => following?.newest?.changedAtSeconds ?? stream?.newestChangeSeconds,
    ),
    gauge("stream_read_timestamp_seconds", "When the place in the stream was saved last.", ({ stream }) =>
      stream === undefined ? undefined : stream.savedAtSeconds,
    ),
    gauge("last_commit_timestamp_seconds", "When the newest commit was made.", ({ commits }) =>
      commits === undefined ? undefined : commits.newestAtSeconds,
    ),
    gauge("last_snapshot_timestamp_seconds", "The moment that the last snapshot shows.", ({ snapshot }) =>
      snapshot === undefined || snapshot.exportTimeSeconds === 0 ? undefined : snapshot.exportTimeSeconds,
    ),
  ];
}

/** A sample for each reason, and a 0 for a table with none, so that an alert can tell it from an absent table. */
function quarantineSamples({ table, quarantine }: TableStatus): readonly Sample[] {
  const reasons = Object.entries(quarantine);
  if (reasons.length === 0) return [{ labels: { table, reason: "" }, value: 0 }];
  return reasons.map(([reason, value]) => ({ labels: { table, reason }, value }));
}

function countMetrics(tallies: ReadonlyMap<string, TableTally>): readonly Metric[] {
  const counter = (name: string, help: string, of: (tally: TableTally) => number): Metric => ({
    name: `dynalake_${name}_total`,
    type: "counter",
    help,
    samples: [...tallies].map(([table, tally]) => ({ labels: { table }, value: of(tally) })),
  });
  return [
    counter("changes_delivered", "Changes that this run has delivered.", ({ changes }) => changes),
    counter(
      "records_quarantined",
      "Records that this run has put into quarantine.",
      ({ quarantinedRecords }) => quarantinedRecords,
    ),
    counter("gaps_found", "Gaps that this run has found.", ({ gaps }) => gaps),
    {
      name: "dynalake_compactions_total",
      type: "counter",
      help: "Compactions that this run has committed.",
      samples: [...tallies].flatMap(([table, { minorCompactions, majorCompactions }]) => [
        { labels: { table, kind: "minor" }, value: minorCompactions },
        { labels: { table, kind: "major" }, value: majorCompactions },
      ]),
    },
    counter(
      "compaction_failures",
      "Compactions of this run that failed.",
      ({ failedCompactions }) => failedCompactions,
    ),
    counter(
      "snapshot_failures",
      "Scheduled snapshots of this run that failed.",
      ({ failedSnapshots }) => failedSnapshots,
    ),
    counter("source_failures", "How often this run could not read the source.", ({ failures }) => failures),
  ];
}
