/** What is watched: of a lake table as little as says whether a person has to do something, since each alarm costs. */
import { Duration } from "aws-cdk-lib";
import type { AlarmOptions, Watch } from "./alarms.ts";
import type { LakeMetrics, SourceMetrics, TableMetrics } from "./metrics.ts";

type Watches = Readonly<Record<string, Watch>>;

export function tableWatches(
  metrics: TableMetrics,
  compactEvery: Duration | "never",
  options: AlarmOptions,
): Watches {
  const deliveryAge = options.deliveryAgeMax ?? Duration.minutes(15);
  return {
    Gaps: { metric: metrics.gaps, says: "changes are missing: take a new snapshot" },
    Undelivered: {
      metric: metrics.undelivered,
      says: "records are in quarantine, Firehose left error files, or changes wait for the table: see `status`",
    },
    HiddenValues: {
      metric: metrics.hiddenValues,
      says: "SQL does not show all values: `dynalake schema drift` lists their columns",
    },
    DeliveryAge: {
      metric: metrics.deliveryAge,
      from: deliveryAge.toSeconds(),
      says: "Firehose writes late; records it cannot write within 24 hours are lost",
    },
    ...(compactEvery === "never" ? {} : compactionMissing(metrics, compactEvery)),
  };
}

/** Four compactions should have been done and none was. CloudWatch looks back one day at most. */
function compactionMissing(metrics: TableMetrics, compactEvery: Duration): Watches {
  const seconds = 4 * compactEvery.toSeconds();
  if (seconds > 86_400) return {};
  const metric = metrics.compactions.with({ period: Duration.seconds(seconds) });
  return {
    CompactionMissing: {
      metric,
      silence: true,
      says: "no compaction has succeeded in the last four intervals",
    },
  };
}

/** Longer than a deployment pauses a mapping, and early enough to fix it before changes are lost. */
const UNREAD_SECONDS = 3600;

export function sourceWatches(metrics: SourceMetrics, options: AlarmOptions): Watches {
  const streamAge = options.streamAgeMax ?? Duration.minutes(10);
  return {
    StreamAge: {
      metric: metrics.streamAge,
      from: streamAge.toMilliseconds(),
      periods: 5,
      says: "the stream is read late; changes older than 24 hours are lost",
    },
    StreamErrors: {
      metric: metrics.streamErrors,
      periods: 3,
      says: "the stream function keeps failing",
    },
    LostBatches: {
      metric: metrics.lostBatches,
      says: "a batch that failed for good could not be saved to the bucket: its changes are lost, take a new snapshot",
    },
    FailedBatches: {
      metric: metrics.failedBatches,
      says: "batches of changes failed and were saved to the bucket: replay them",
    },
    StreamUnread: {
      metric: metrics.streamUnread,
      from: UNREAD_SECONDS,
      says: "nothing is reading the table's stream: its changes are lost after 24 hours",
    },
    FailedLooks: {
      metric: metrics.failedLooks,
      says: "checking for missing changes failed",
    },
  };
}

export function lakeWatches(metrics: LakeMetrics): Watches {
  return {
    TickErrors: { metric: metrics.tickErrors, periods: 3, says: "starting what is due keeps failing" },
    CleanErrors: {
      metric: metrics.cleanErrors,
      says: "files that are no longer needed could not be deleted",
    },
  };
}
