/** What a lake costs while nothing is written, by what its templates deploy and what its functions do all the same. */
import { PRICES } from "./prices.ts";
import { RUN_REQUESTS, runDollars } from "./run.ts";

/** What is paid for by being there. */
export interface Watching {
  readonly alarms: number;
  /** Metrics of one's own that get values while nothing is written. */
  readonly metrics: number;
  /** Requests to CloudWatch per month, for how far behind a source is. */
  readonly metricReads: number;
  readonly dashboards: number;
  readonly keys: number;
  /** Requests to S3 per month: listings, and reading. */
  readonly lists: number;
  readonly gets: number;
  /** Invocations of functions per month, each of them a trace. */
  readonly invocations: number;
  /** Compactions per month that only move a table's horizon: no statement runs. */
  readonly horizonMoves: number;
}

/** The tick, hourly looks at sources, and daily vacuums, in a month. */
const HOURS = 720;
const DAYS = 30;
/** A function that reads a few objects: seconds of half a GB, and bytes of its log. */
const CALL_GB_SECONDS = 0.5;
const CALL_LOG_BYTES = 2000;

/** Per tick a table's commits, two days of its change log, and what waits are listed; its entry, its manifest and one object are read. */
const TICK_LISTS = 5;
const TICK_GETS = 3;
/** A look lists what was put aside, by kinds, and what the tick lists. */
const LOOK_LISTS = 8;
const LOOK_GETS = 7;
const VACUUM_LISTS = 20;

export function ticksPerMonth(compactEveryMinutes: number): number {
  return compactEveryMinutes === 0 ? HOURS : Math.max(HOURS, (HOURS * 60) / compactEveryMinutes);
}

export interface Deployed {
  readonly alarms: boolean;
  readonly dashboard: boolean;
  readonly ownKey: boolean;
  readonly compactEveryMinutes: number;
}

/** A lake without tables. */
export function lakeWatching({ alarms, dashboard, ownKey, compactEveryMinutes }: Deployed): Watching {
  const ticks = ticksPerMonth(compactEveryMinutes);
  return {
    alarms: alarms ? 2 : 0,
    metrics: 0,
    metricReads: 0,
    dashboards: dashboard ? 1 : 0,
    keys: ownKey ? 1 : 0,
    // The sources are listed, and what was started is written.
    lists: 2 * ticks,
    gets: 2 * ticks,
    invocations: ticks,
    horizonMoves: 0,
  };
}

/** A source without its lake tables. */
export function sourceWatching({
  alarms,
  compactEveryMinutes,
}: Pick<Deployed, "alarms" | "compactEveryMinutes">): Watching {
  const ticks = ticksPerMonth(compactEveryMinutes);
  const none = { metrics: 0, dashboards: 0, keys: 0, horizonMoves: 0 };
  return {
    ...none,
    alarms: alarms ? 6 : 0,
    metricReads: HOURS,
    lists: ticks + 2 * HOURS,
    gets: ticks + 4 * HOURS,
    invocations: HOURS,
  };
}

/** `compactions`: those of what was written, per month. */
export function tableWatching(
  { alarms, compactEveryMinutes }: Pick<Deployed, "alarms" | "compactEveryMinutes">,
  compactions = 0,
): Watching {
  const ticks = ticksPerMonth(compactEveryMinutes);
  const isCompacted = compactEveryMinutes > 0;
  // CloudWatch looks back a day at most: the alarm on missing compactions needs four intervals.
  const misses = isCompacted && compactEveryMinutes <= 360;
  return {
    alarms: alarms ? 4 + (misses ? 1 : 0) : 0,
    metrics: isCompacted ? 1 : 0,
    metricReads: 0,
    dashboards: 0,
    keys: 0,
    lists: ticks * TICK_LISTS + HOURS * LOOK_LISTS + DAYS * VACUUM_LISTS,
    gets: ticks * TICK_GETS + HOURS * LOOK_GETS,
    invocations: DAYS,
    // breakage: idle-horizon-is-paid
    horizonMoves: isCompacted ? Math.max(0, DAYS - compactions) : 0,
  };
}

/** Dollars per month. */
export function watchingDollars(watching: Watching): number {
  const { alarms, metrics, metricReads, dashboards, keys, lists, gets, invocations, horizonMoves } = watching;
  const call =
    PRICES.invocation.dollars +
    CALL_GB_SECONDS * PRICES.computeSecond.dollars +
    (CALL_LOG_BYTES / 1e9) * PRICES.logs.dollars +
    PRICES.trace.dollars;
  return (
    alarms * PRICES.alarm.dollars +
    metrics * PRICES.metric.dollars +
    metricReads * PRICES.metricRead.dollars +
    dashboards * PRICES.dashboard.dollars +
    keys * PRICES.key.dollars +
    lists * PRICES.put.dollars +
    gets * PRICES.get.dollars +
    invocations * call +
    horizonMoves * (runDollars() + RUN_REQUESTS * PRICES.put.dollars)
  );
}
