/**
 * The rule of the overlay, over the changes of one key. docs/correctness.md proves it. The SQL of src/core/sql/overlay.ts,
 * view.ts and compaction.ts implements it for all keys of a table at once, and tests hold both against each other.
 */
import type { Change } from "../change/change.ts";

/** A change, as far as the rule looks at it. */
export type RuledChange = Pick<Change, "version" | "changedAtSeconds" | "operation">;

/** Whether `one` is newer than `other`, a change of the same key. Only recordings have two changes of one sequence number. */
export function isNewer(one: RuledChange, other: RuledChange): boolean {
  // breakage: rule-sequence-before-time
  if (one.version !== other.version) return one.version > other.version;
  if (one.changedAtSeconds !== other.changedAtSeconds) return one.changedAtSeconds > other.changedAtSeconds;
  return one.operation > other.operation;
}

/** A stretch of the change log. */
export interface LogWindow {
  /** A key stands in the window if it has a change at or after this second, */
  readonly sinceSeconds: number;
  /** and before this one. */
  readonly untilSeconds?: number;
  /** A newer change of a key may carry an earlier time, by no more than that. */
  readonly skewSeconds: number;
}

/** What a window holds of one key, change by change. */
export interface KeyInWindow<C extends RuledChange> {
  /** The newest change by sequence number among those back to the skew allowance before the window. */
  readonly newest: C;
  /** Whether the key has a change in the window itself. */
  readonly stands: boolean;
}

/** What a window holds of a key once it has seen one change more. */
export function withChange<C extends RuledChange>(
  held: KeyInWindow<C> | undefined,
  change: C,
  { sinceSeconds, untilSeconds = Number.POSITIVE_INFINITY, skewSeconds }: LogWindow,
): KeyInWindow<C> | undefined {
  const { changedAtSeconds } = change;
  if (changedAtSeconds < sinceSeconds - skewSeconds || changedAtSeconds >= untilSeconds) return held;
  return {
    newest: held === undefined || isNewer(change, held.newest) ? change : held.newest,
    stands: (held?.stands ?? false) || changedAtSeconds >= sinceSeconds, // breakage: rule-window-needs-change
  };
}

/** The change with which a key stands in a window, or undefined if the key does not stand in it. */
export function changeInWindow<C extends RuledChange>(
  changes: Iterable<C>,
  window: LogWindow,
): C | undefined {
  let held: KeyInWindow<C> | undefined;
  for (const change of changes) held = withChange(held, change, window);
  return held?.stands === true ? held.newest : undefined;
}

/** The times that decide about the changes of a table; a manifest has them. */
export interface RuleTimes {
  /** From this second on a change wins over the snapshot's row. */
  readonly floorSeconds: number;
  /** From this second on the view overlays the change log. */
  readonly horizonSeconds: number;
  readonly skewSeconds: number;
}

/** The window of the changes that win over the snapshot. */
export function windowFromFloor({ floorSeconds, skewSeconds }: RuleTimes): LogWindow {
  return { sinceSeconds: floorSeconds, skewSeconds };
}

/** The change that is a key's state, or undefined if its snapshot row is, or nothing. `changes` are all that were delivered. */
export function stateOf<C extends RuledChange>(changes: Iterable<C>, times: RuleTimes): C | undefined {
  return changeInWindow(changes, windowFromFloor(times));
}

/** The change of a key in the overlay: the newest of its deltas and of the log window, or undefined if it is in none of them. */
export function overlaidChange<C extends RuledChange>(
  deltas: Iterable<C>,
  logged: Iterable<C>,
  times: RuleTimes,
): C | undefined {
  const { horizonSeconds: sinceSeconds, skewSeconds } = times;
  let newest = changeInWindow(logged, { sinceSeconds, skewSeconds });
  for (const delta of deltas) if (newest === undefined || isNewer(delta, newest)) newest = delta;
  return newest;
}

/** Whether a change is late if the object that brings it was not folded before: the view's window does not show it. */
export function isLate({ changedAtSeconds }: RuledChange, times: RuleTimes): boolean {
  const { floorSeconds, horizonSeconds, skewSeconds } = times;
  return changedAtSeconds >= floorSeconds - skewSeconds && changedAtSeconds < horizonSeconds;
}
