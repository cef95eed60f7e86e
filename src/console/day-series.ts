/** The last 24 hours of what runs have delivered, in even steps, as figures need it. Pure. */
import { HOUR_SECONDS, type RunSeries, type SeriesBucket } from "../core/table/run-series.ts";
import type { MetricPoint, TableMetricDay } from "../stack/day-metrics.ts";
import type { DaySeries } from "./api.ts";

const LAG_STEP_SECONDS = 600;
const DAY_SECONDS = 24 * HOUR_SECONDS;

export function daySeries({ minutes, hours }: RunSeries, nowSeconds: number): DaySeries {
  const lag = stepped(minutes, LAG_STEP_SECONDS, nowSeconds);
  const changes = stepped(hours, HOUR_SECONDS, nowSeconds);
  const counts = (of: (bucket: SeriesBucket) => number): readonly number[] =>
    changes.steps.map((step) => step.reduce((sum, bucket) => sum + of(bucket), 0));
  return {
    lag: {
      fromSeconds: lag.fromSeconds,
      stepSeconds: LAG_STEP_SECONDS,
      worst: lag.steps.map((step) =>
        step.length === 0 ? null : Math.max(...step.map(({ slowestSeconds }) => slowestSeconds)),
      ),
    },
    changes: {
      fromSeconds: changes.fromSeconds,
      stepSeconds: HOUR_SECONDS,
      insert: counts(({ insert }) => insert),
      modify: counts(({ modify }) => modify),
      remove: counts(({ remove }) => remove),
      expired: counts(({ expired }) => expired),
      ofAnyKind: undefined,
    },
  };
}

/** The same from the metrics of a deployment, which do not tell kinds of changes apart. */
export function metricSeries(metrics: TableMetricDay, nowSeconds: number): DaySeries {
  const lag = stepped(metrics.lag, LAG_STEP_SECONDS, nowSeconds);
  const buffered = stepped(metrics.buffered, LAG_STEP_SECONDS, nowSeconds);
  const rows = stepped(metrics.rows, HOUR_SECONDS, nowSeconds);
  const most = (values: readonly MetricPoint[] = []): number =>
    Math.max(0, ...values.map(({ value }) => value));
  const none = rows.steps.map(() => 0);
  return {
    lag: {
      fromSeconds: lag.fromSeconds,
      stepSeconds: LAG_STEP_SECONDS,
      worst: lag.steps.map((step, i) => (step.length === 0 ? null : most(step) + most(buffered.steps[i]))),
    },
    changes: {
      ...{ fromSeconds: rows.fromSeconds, stepSeconds: HOUR_SECONDS },
      ...{ insert: none, modify: none, remove: none, expired: none },
      ofAnyKind: rows.steps.map((step) => step.reduce((sum, { value }) => sum + value, 0)),
    },
  };
}

interface Steps<Bucket> {
  readonly fromSeconds: number;
  /** The buckets of each step, the last of which is that of now. */
  readonly steps: readonly (readonly Bucket[])[];
}

function stepped<Bucket extends { readonly fromSeconds: number }>(
  buckets: readonly Bucket[],
  stepSeconds: number,
  nowSeconds: number,
): Steps<Bucket> {
  const count = DAY_SECONDS / stepSeconds;
  const fromSeconds = Math.floor(nowSeconds / stepSeconds) * stepSeconds - (count - 1) * stepSeconds;
  const steps: Bucket[][] = Array.from({ length: count }, () => []);
  for (const bucket of buckets)
    steps[Math.floor((bucket.fromSeconds - fromSeconds) / stepSeconds)]?.push(bucket);
  return { fromSeconds, steps };
}
