/** The status of a healthy table, for tests of what is made from it. */
import type { TableStatus } from "../../src/index.ts";

export function tableStatus(more: Partial<TableStatus> = {}): TableStatus {
  return {
    table: "orders",
    source: "Orders",
    health: "healthy",
    rows: 1,
    snapshot: undefined,
    stream: undefined,
    following: undefined,
    watch: undefined,
    commits: undefined,
    keptSnapshots: { keep: 1, snapshots: [], unmasked: [] },
    horizonSeconds: 0,
    segments: { base: 1, deltas: 0, rows: 1, bytes: 1 },
    recentChangeObjects: 0,
    undelivered: { failedBatches: 0, unconverted: 0, waiting: 0 },
    quarantine: {},
    drift: [],
    schemaFile: undefined,
    limits: [],
    openGaps: [],
    repairedGaps: [],
    ...more,
  };
}
