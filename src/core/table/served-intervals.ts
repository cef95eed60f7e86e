/**
 * When a lake table of a shared source gets the changes that are read. A function that reads the stream looks for the source's
 * tables from time to time only: a table that is added is served once every instance has certainly looked.
 */

export interface ServedInterval {
  /** The configuration that was served: a table that was removed and added again has another one. */
  readonly configuration: string;
  /** Changes that were read from then on reached the table; 0 if it was there before its source was read. */
  readonly fromSeconds: number;
  /** Undefined while it is served. */
  readonly untilSeconds?: number | undefined;
}

/** How often a function that reads a stream looks for its tables. */
export const TABLES_REFRESH_SECONDS = 60;
/** The longest that it works on a batch. */
export const STREAM_FUNCTION_SECONDS = 120;
/** For clocks. */
const MARGIN_SECONDS = 60;
/** After so long a table that was added is served. */
const ADDED_SECONDS = TABLES_REFRESH_SECONDS + STREAM_FUNCTION_SECONDS + MARGIN_SECONDS;

export interface Configured {
  readonly configuration: string;
  /** Whether the source's stream may be being read by now. */
  readonly isRead: boolean;
  readonly nowSeconds: number;
}

/** The intervals after a configuration was written, for the first time or again. */
export function servedSince(
  earlier: readonly ServedInterval[],
  { configuration, isRead, nowSeconds }: Configured,
): readonly ServedInterval[] {
  const last = earlier.at(-1);
  if (last?.configuration === configuration && last.untilSeconds === undefined) return earlier;
  // breakage: added-table-is-served-later
  const fromSeconds = isRead ? nowSeconds + ADDED_SECONDS : 0;
  const closed = earlier.map((interval) => ({
    ...interval,
    untilSeconds: interval.untilSeconds ?? nowSeconds,
  }));
  return [...closed, { configuration, fromSeconds }];
}

/** The intervals after a configuration was removed; another one may have taken its place. */
export function servedUntil(
  served: readonly ServedInterval[],
  configuration: string,
  nowSeconds: number,
): readonly ServedInterval[] {
  return served.map((interval) =>
    interval.configuration === configuration && interval.untilSeconds === undefined
      ? { ...interval, untilSeconds: nowSeconds }
      : interval,
  );
}

/**
 * Whether a batch that was read at this time has to reach the table. At the edges both a table that had it and one that did not
 * count as served: to get a change twice does no harm. A table that was added counts from its configuration on: what came between
 * may be younger than the floor of its first snapshot, and later than a change of the same item that the table did get.
 */
export function wasServed(served: readonly ServedInterval[], readAtSeconds: number): boolean {
  return served.some(
    ({ fromSeconds, untilSeconds }) =>
      fromSeconds - ADDED_SECONDS <= readAtSeconds && // breakage: batches-since-configured
      (untilSeconds === undefined || readAtSeconds <= untilSeconds),
  );
}
