/**
 * What a run has delivered over time, for figures: a minute each for a day, an hour each for 90 days. Only `run` writes it. No name
 * of a table begins with a dot, so its folder is never taken for one. Without it, nothing but figures is missing.
 */
import * as z from "zod/mini";
import { type LakeFile, moment } from "../format/lake-file.ts";
import { runSeriesPath } from "../format/lake-path.ts";
import type { ObjectStore } from "../ports/object-store.ts";
import { readLakeFile, replaceLakeFile } from "./stored-file.ts";

/** Changes by what they were. REMOVE counts those, too, that were expired. */
export interface ChangeCounts {
  readonly insert: number;
  readonly modify: number;
  readonly remove: number;
  readonly expired: number;
}

export interface DeliveredCounts extends ChangeCounts {
  /** The longest time from a write to its delivery, in seconds. */
  readonly slowestSeconds: number;
}

/** What was delivered in a minute or an hour. */
export interface SeriesBucket extends DeliveredCounts {
  readonly fromSeconds: number;
}

export interface RunSeries {
  /** In order; times in which nothing was delivered have none. */
  readonly minutes: readonly SeriesBucket[];
  readonly hours: readonly SeriesBucket[];
}

const MINUTE_SECONDS = 60;
export const HOUR_SECONDS = 3_600;
const MINUTES_KEPT_SECONDS = 24 * HOUR_SECONDS;
const HOURS_KEPT_SECONDS = 90 * 24 * HOUR_SECONDS;

/** From, insert, modify, remove, expired, slowest. */
const bucketShape = z.tuple([moment, z.int(), z.int(), z.int(), z.int(), z.number()]);
const bucketsShape = z.array(bucketShape);
const shape = z.object({ minutes: bucketsShape, hours: bucketsShape });

const seriesFile: LakeFile<z.infer<typeof shape>> = {
  name: "series of a run",
  shape,
  next: "Delete the file: the next run begins another one.",
};

export const NO_SERIES: RunSeries = { minutes: [], hours: [] };

/** Undefined where no run has delivered anything; throws LAKE_NEWER or LAKE_DAMAGED. */
export async function readRunSeries(store: ObjectStore, table: string): Promise<RunSeries | undefined> {
  const read = await readLakeFile(store, seriesFile, runSeriesPath(table));
  return read && { minutes: read.minutes.map(bucketOf), hours: read.hours.map(bucketOf) };
}

export function saveRunSeries(
  store: ObjectStore,
  table: string,
  { minutes, hours }: RunSeries,
): Promise<void> {
  return replaceLakeFile(store, runSeriesPath(table), {
    minutes: minutes.map(tupleOf),
    hours: hours.map(tupleOf),
  });
}

/** With what was delivered by now, and without what is too old. */
export function withDelivered(series: RunSeries, counts: DeliveredCounts, nowSeconds: number): RunSeries {
  return {
    minutes: added(series.minutes, counts, {
      nowSeconds,
      stepSeconds: MINUTE_SECONDS,
      keptSeconds: MINUTES_KEPT_SECONDS,
    }),
    hours: added(series.hours, counts, {
      nowSeconds,
      stepSeconds: HOUR_SECONDS,
      keptSeconds: HOURS_KEPT_SECONDS,
    }),
  };
}

interface Buckets {
  readonly nowSeconds: number;
  readonly stepSeconds: number;
  readonly keptSeconds: number;
}

function added(
  buckets: readonly SeriesBucket[],
  counts: DeliveredCounts,
  { nowSeconds, stepSeconds, keptSeconds }: Buckets,
): readonly SeriesBucket[] {
  const fromSeconds = Math.floor(nowSeconds / stepSeconds) * stepSeconds;
  // A clock that went back must not leave buckets out of order.
  const earlier = buckets.filter((bucket) => bucket.fromSeconds < fromSeconds);
  const same = buckets.find((bucket) => bucket.fromSeconds === fromSeconds);
  const kept = earlier.filter((bucket) => bucket.fromSeconds > nowSeconds - keptSeconds); // breakage: series-are-bounded
  return [...kept, { fromSeconds, ...(same === undefined ? counts : summed(same, counts)) }];
}

/** Both together. */
export function summed(a: DeliveredCounts, b: DeliveredCounts): DeliveredCounts {
  return {
    insert: a.insert + b.insert,
    modify: a.modify + b.modify,
    remove: a.remove + b.remove,
    expired: a.expired + b.expired,
    slowestSeconds: Math.max(a.slowestSeconds, b.slowestSeconds),
  };
}

function bucketOf([fromSeconds, insert, modify, remove, expired, slowestSeconds]: z.infer<
  typeof bucketShape
>): SeriesBucket {
  return { fromSeconds, insert, modify, remove, expired, slowestSeconds };
}

function tupleOf({
  fromSeconds,
  insert,
  modify,
  remove,
  expired,
  slowestSeconds,
}: SeriesBucket): z.infer<typeof bucketShape> {
  return [fromSeconds, insert, modify, remove, expired, slowestSeconds];
}
