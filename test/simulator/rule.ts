/**
 * What a lake has to show, by the changes alone and by what was committed: the rule of the overlay, written down once more and
 * without any of the code that it judges. Nothing here is imported from src/.
 */
import type { ModelChange } from "./model-table.ts";

/** Clocks of two changes of one item run backwards by at most so much. */
export const SKEW_SECONDS = 120;
/** A snapshot's floor lies so much before its export time. */
export const MARGIN_SECONDS = 120;

/** An export shows the items of moments not so long before its time. */
export const FUZZ_SECONDS = 50;

/** The changes of each object of the change log, in the order in which the objects appeared. */
export type Log = readonly (readonly ModelChange[])[];

/** One commit, as far as the rule needs it. */
export interface Commit {
  readonly sequence: number;
  readonly kind: string;
  readonly committedAtSeconds: number;
  readonly floorSeconds: number;
  readonly horizonSeconds: number;
  /** What the newest snapshot holds. */
  readonly seeded: ReadonlyMap<number, string>;
  /** So many of the log's objects, from the oldest, were there when the newest fold began: all of them are folded. */
  readonly folded: number;
  /** So many were there when it was committed: those between the two may be folded. */
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

/** A key's row: as a change left it, or as it was in the snapshot. */
export type Row = { readonly change: ModelChange } | { readonly snapshot: string };

/** Each row that a key may have; undefined means that it has none. */
export type Possible = readonly (Row | undefined)[];

interface Seen {
  readonly certain: ModelChange[];
  readonly possible: ModelChange[];
}

/** What the table shows by a commit, with the log as it is now; `asOfSeconds` leaves later changes out of the log. */
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

/** Changes that were folded, and those that are in the log's window: as old as the skew where the key has a later one there. */
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

/** The newest change by sequence if any is at or after the floor; else the snapshot's row. */
function rowOf(commit: Commit, key: number, changes: readonly ModelChange[]): Row | undefined {
  if (changes.some(({ timeSeconds }) => timeSeconds >= commit.floorSeconds)) return rowAfter(newest(changes));
  const seeded = commit.seeded.get(key);
  return seeded === undefined ? undefined : { snapshot: seeded };
}

/** What the row may come from beside `certain`, where a fold may have seen some of the `possible` changes. */
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
