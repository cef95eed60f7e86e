/**
 * What a lake must show, given its changes and commits: the rule of the overlay, written a second time, independently of the
 * code under test. It imports nothing from src/.
 */
import type { ModelChange } from "./model-table.ts";

/** Between two changes of an item, clocks run backwards by at most this much. */
export const SKEW_SECONDS = 120;
/** How far the floor of a snapshot is before its export time. */
export const MARGIN_SECONDS = 120;

/** How long before its export time an export may show an item. */
export const FUZZ_SECONDS = 50;

/** The changes of each object of the change log, in the order in which the objects appeared. */
export type Log = readonly (readonly ModelChange[])[];

/** The parts of a commit that the rule needs. */
export interface Commit {
  readonly sequence: number;
  readonly kind: string;
  readonly committedAtSeconds: number;
  readonly floorSeconds: number;
  readonly horizonSeconds: number;
  /** The items of the newest snapshot. */
  readonly seeded: ReadonlyMap<number, string>;
  /** How many objects the log had when the newest fold began: all of them are folded. */
  readonly folded: number;
  /** How many it had at the commit: those in between may be folded. */
  readonly foldedMost: number;
}

export const BEFORE_ALL_COMMITS: Commit = {
  sequence: 0,
  kind: "initial",
  committedAtSeconds: 0,
  floorSeconds: 0,
  horizonSeconds: 0,
  seeded: new Map(),
  folded: 0,
  foldedMost: 0,
};

/** The row of a key: after a change, or as in the snapshot. */
export type Row = { readonly change: ModelChange } | { readonly snapshot: string };

/** The rows that a key may have; undefined for none. */
export type Possible = readonly (Row | undefined)[];

interface Seen {
  readonly certain: ModelChange[];
  readonly possible: ModelChange[];
}

/** What the table shows at a commit, with the current log; `asOfSeconds` leaves later changes out. */
export function shownBy(
  commit: Commit,
  log: Log,
  asOfSeconds: number = Number.POSITIVE_INFINITY,
): ReadonlyMap<number, Possible> {
  const seen = seenChanges(commit, log, asOfSeconds);
  const rows = new Map<number, Possible>();
  for (const [key, value] of commit.seeded) rows.set(key, [{ snapshot: value }]);
  for (const [key, { certain, possible }] of seen) {
    const row = rowOf(commit, key, certain);
    const others = possible.length === 0 ? [] : alternatives(commit, certain, possible);
    rows.set(key, [row, ...others.map(rowAfter)]);
  }
  return rows;
}

/** The folded changes, and those in the log window, which reaches back by the skew for keys with a later change in it. */
function seenChanges(commit: Commit, log: Log, asOfSeconds: number): ReadonlyMap<number, Seen> {
  const { horizonSeconds, folded, foldedMost } = commit;
  const oldestSeconds = commit.floorSeconds - SKEW_SECONDS;
  const hot = new Set<number>();
  for (const changes of log) {
    for (const { key, timeSeconds } of changes)
      if (timeSeconds >= horizonSeconds && timeSeconds <= asOfSeconds) hot.add(key);
  }
  const seen = new Map<number, Seen>();
  for (const [i, changes] of log.entries()) {
    for (const change of changes) {
      const { key, timeSeconds } = change;
      if (timeSeconds < oldestSeconds) continue;
      const inWindow =
        timeSeconds >= horizonSeconds - SKEW_SECONDS && timeSeconds <= asOfSeconds && hot.has(key);
      const isOld = timeSeconds < horizonSeconds;
      const isCertain = inWindow || (isOld && i < folded);
      if (!isCertain && !(isOld && i < foldedMost)) continue;
      let own = seen.get(key);
      if (own === undefined) {
        own = { certain: [], possible: [] };
        seen.set(key, own);
      }
      (isCertain ? own.certain : own.possible).push(change);
    }
  }
  return seen;
}

/** The newest change by sequence number if any is at or after the floor; otherwise the row of the snapshot. */
function rowOf(commit: Commit, key: number, changes: readonly ModelChange[]): Row | undefined {
  if (changes.some(({ timeSeconds }) => timeSeconds >= commit.floorSeconds)) return rowAfter(newest(changes));
  const seeded = commit.seeded.get(key);
  return seeded === undefined ? undefined : { snapshot: seeded };
}

/** Other changes that may have set the row, if a fold has seen some of the `possible` changes. */
function alternatives(
  commit: Commit,
  certain: readonly ModelChange[],
  possible: readonly ModelChange[],
): readonly ModelChange[] {
  const isFromFloor = ({ timeSeconds }: ModelChange): boolean => timeSeconds >= commit.floorSeconds;
  if (certain.some(isFromFloor)) {
    const { sequence } = newest(certain);
    return possible.filter((change) => change.sequence > sequence);
  }
  const first = Math.min(...possible.filter(isFromFloor).map(({ sequence }) => sequence));
  return [...certain, ...possible].filter(({ sequence }) => sequence >= first);
}

function newest(changes: readonly ModelChange[]): ModelChange {
  return changes.reduce((a, b) => (b.sequence > a.sequence ? b : a));
}

function rowAfter(change: ModelChange): Row | undefined {
  return change.operation === "REMOVE" ? undefined : { change };
}
