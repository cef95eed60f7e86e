/** How many segments of a table are there at the same time. */
import { DEFAULT_SNAPSHOTS_KEPT, type SnapshotsKept } from "../format/snapshots-kept.ts";
import { DEFAULT_POLICY } from "./compaction-policy.ts";
import { DEFAULT_RETENTION } from "./vacuum.ts";

export interface KeptTable {
  /** The parts of its base. */
  readonly parts: number;
  /** Undefined for never; so is the next one. */
  readonly compactEverySeconds: number | undefined;
  readonly snapshotEverySeconds: number | undefined;
  readonly retentionSeconds: number;
  /** Default: the last one. */
  readonly snapshotsKept?: SnapshotsKept | undefined;
}

/** Vacuum comes once a day, so segments stay as much longer. */
const VACUUM_SECONDS = 24 * 3600;
/** All snapshots are those of so long. */
const ALL_SECONDS = 10 * 365 * 24 * 3600;

/**
 * Of a table that changes all the time, and everywhere: each compaction adds a delta, and each major one writes all parts and a
 * delta of the rest.
 */
export function segmentsKept(table: KeptTable): number {
  const { compactEverySeconds, parts, retentionSeconds, snapshotEverySeconds } = table;
  const seconds = Math.max(retentionSeconds, DEFAULT_RETENTION.graceSeconds) + VACUUM_SECONDS;
  const times = (every: number | undefined): number => (every === undefined ? 0 : Math.ceil(seconds / every));
  const deltas = times(compactEverySeconds);
  const majors = Math.ceil(deltas / DEFAULT_POLICY.majorDeltas);
  const olderSnapshots = snapshotsOf(table) - 1;
  return deltas + majors + parts * (1 + majors + times(snapshotEverySeconds) + olderSnapshots);
}

/** Kept snapshots, the newest among them. */
function snapshotsOf({ snapshotEverySeconds, snapshotsKept = DEFAULT_SNAPSHOTS_KEPT }: KeptTable): number {
  if (typeof snapshotsKept === "number") return snapshotsKept;
  if (snapshotEverySeconds === undefined) return 1;
  const seconds = snapshotsKept === "all" ? ALL_SECONDS : snapshotsKept.seconds;
  return 1 + Math.floor(seconds / snapshotEverySeconds);
}
