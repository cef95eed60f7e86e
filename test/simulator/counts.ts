/** How often each event happened, which proves that a simulation has covered them. */
export class Counts {
  readonly #counts: Map<string, number> = new Map();

  add(event: string, times = 1): void {
    if (times !== 0) this.#counts.set(event, (this.#counts.get(event) ?? 0) + times);
  }

  of(event: string): number {
    return this.#counts.get(event) ?? 0;
  }

  addAll(other: Counts): void {
    for (const [event, times] of other.#counts) this.add(event, times);
  }

  sorted(): readonly (readonly [string, number])[] {
    return [...this.#counts].sort(([a], [b]) => (a < b ? -1 : 1));
  }
}

/** What every long simulation must cover. */
export const EVENTS: readonly string[] = [
  "a failed batch tried again",
  "batches delivered in part",
  "batches given up",
  "checks as of a time",
  "checks of the history",
  "checks of the items",
  "checks of the snapshot",
  "checks of the view",
  "clocks that ran backwards",
  "commits: major",
  "commits: minor",
  "commits: schema",
  "commits: snapshot",
  "crashes: follower",
  "crashes: invocation",
  "crashes: minor",
  "delivered after a newer one of its key",
  "delivered again",
  "delivered behind the horizon",
  "delivered hours late",
  "ended by: a conflict",
  "ended by: a delivery in part",
  "ended by: a failed call",
  "expiries",
  "failed after: commit",
  "failed after: deliver",
  "first snapshots of a table whose stream is read",
  "folds that found nothing",
  "gaps repaired",
  "gaps: stream-recreated",
  "gaps: trimmed",
  "quarantined records found",
  "records trimmed",
  "shards closed",
  "stream resumed",
  "streams made anew",
  "timeouts",
  "vacuumed files",
  "vacuumed manifests",
  "writes that change nothing",
  "writes: INSERT",
  "writes: MODIFY",
  "writes: REMOVE",
];

/** And what one of tables that evolve must cover besides. */
export const EVOLVING_EVENTS: readonly string[] = [
  "checks as of a time",
  "checks of the drift",
  "checks of the items",
  "checks of the snapshot",
  "commits with values as text",
  "crashes: minor",
  "died after: commit",
  "edits of schema.json",
  "ended by: a refused schema",
  "evolutions: digits from before the point",
  "evolutions: hidden or shown",
  "evolutions: new columns",
  "evolutions: other names",
  "evolutions: other types at a snapshot",
  "evolutions: wider numbers",
  "evolutions: wider parts",
  "started: apply",
  "tables that follow all",
  "tables that follow nothing",
  "tables that follow types",
];

/** What one of deployed tables that follow their data must cover. */
export const DEPLOYED_EVENTS: readonly string[] = [
  "checks of the drift",
  "checks of the record",
  "checks while a change waits",
  "commits with values as text",
  "deployments refused",
  "deployments: a changed file",
  "deployments: an earlier file",
  "evolutions: hidden or shown",
  "evolutions: new columns",
  "evolutions: other names",
  "evolutions: wider numbers",
  "evolutions: wider parts",
  "executions: died",
  "executions: done",
  "moments that go",
  "moments that stay",
  "tables that follow all",
  "tables that follow types",
];

/** And what one of several lake tables of a source must cover. */
export const SEVERAL_EVENTS: readonly string[] = [
  "batches done in part",
  "batches given up",
  "changes in gaps",
  "changes that a snapshot shows",
  "checks of the accounts",
  "checks of the views",
  "commits: major",
  "commits: minor",
  "commits: snapshot",
  "crashes: feed",
  "crashes: invocation",
  "crashes: seed",
  "deliveries that wait",
  "ended by: DELIVERY_FAILED",
  "ended by: SCHEMA_INVALID",
  "exports for several tables",
  "failed amid: buffer",
  "failed amid: create",
  "faults: no columns",
  "faults: no delivery",
  "faults: no place to wait",
  "fed objects",
  "started: replay",
  "tables added",
  "tables added again",
  "tables removed",
  "tables that are whole without repair",
  "tables that equal their source",
  "tables that tell what they lack",
  "timeouts",
];

/** And what one of a run of several lake tables must cover. */
export const ONE_RUN_EVENTS: readonly string[] = [
  "changes in gaps",
  "changes that a snapshot shows",
  "checks of the positions",
  "checks of the views",
  "commits: major",
  "commits: minor",
  "commits: snapshot",
  "crashes: compaction",
  "crashes: run",
  "crashes: snapshot",
  "delivered again",
  "died: deliver",
  "died: replace",
  "ended by: CONFLICT",
  "ended by: STREAM_UNUSABLE",
  "failed: deliver",
  "failed: getRecords",
  "failed: replace",
  "faults: no room",
  "faults: no room for quarantine",
  "gaps: shard-expired",
  "gaps: started-late",
  "gaps: stream-recreated",
  "gaps: trimmed",
  "positions resumed",
  "quarantined records found",
  "shards closed",
  "streams made anew",
  "tables added",
  "tables added again",
  "tables removed",
  "tables that are whole without repair",
  "tables that equal their source",
  "tables that tell what they lack",
];
