/** What a run has done since it began, counted from its events. */
import type { DynalakeError } from "../core/error.ts";
import type { LakeEvent } from "../library/event.ts";

export interface TableTally {
  /** Whether its stream is followed: not before it was opened, and not while its source cannot be read. */
  readonly isFollowed: boolean;
  readonly changes: number;
  readonly quarantinedRecords: number;
  readonly gaps: number;
  readonly minorCompactions: number;
  readonly majorCompactions: number;
  readonly failedCompactions: number;
  readonly failedSnapshots: number;
  /** Why the scheduled snapshot failed, for people; undefined once one was taken. */
  readonly snapshotFailure: string | undefined;
  /** How often its source could not be read. */
  readonly failures: number;
  /** Why it cannot be read now, for people. */
  readonly failure: string | undefined;
}

const NOTHING: TableTally = {
  isFollowed: false,
  changes: 0,
  quarantinedRecords: 0,
  gaps: 0,
  minorCompactions: 0,
  majorCompactions: 0,
  failedCompactions: 0,
  failedSnapshots: 0,
  snapshotFailure: undefined,
  failures: 0,
  failure: undefined,
};

export class RunTally {
  readonly #tables: Map<string, TableTally> = new Map();

  /** By the names of the lake tables. */
  get tables(): ReadonlyMap<string, TableTally> {
    return this.#tables;
  }

  take(event: LakeEvent): void {
    const { table } = event;
    const before = this.#tables.get(table) ?? NOTHING;
    const after = counted(before, event);
    if (after !== before) this.#tables.set(table, after);
  }
}

function counted(tally: TableTally, event: LakeEvent): TableTally {
  switch (event.kind) {
    case "opened":
      return { ...tally, isFollowed: true, failure: undefined };
    case "not-followed":
      return {
        ...tally,
        isFollowed: false,
        failures: tally.failures + 1,
        failure: textOf(event.error),
      };
    case "delivered":
      return { ...tally, changes: tally.changes + event.changes };
    case "quarantined":
      return { ...tally, quarantinedRecords: tally.quarantinedRecords + event.records };
    case "gap":
      return { ...tally, gaps: tally.gaps + 1 };
    case "compacted":
      return event.compaction === "minor"
        ? { ...tally, minorCompactions: tally.minorCompactions + 1 }
        : { ...tally, majorCompactions: tally.majorCompactions + 1 };
    case "compaction-failed":
      return { ...tally, failedCompactions: tally.failedCompactions + 1 };
    case "snapshot-failed":
      return {
        ...tally,
        failedSnapshots: tally.failedSnapshots + 1,
        snapshotFailure: textOf(event.error),
      };
    case "snapshot-taken":
      return tally.snapshotFailure === undefined ? tally : { ...tally, snapshotFailure: undefined };
    default:
      return tally;
  }
}

function textOf({ code, message }: DynalakeError): string {
  return `${code}: ${message}`;
}
