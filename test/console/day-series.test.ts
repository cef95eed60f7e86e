/** The figures of a day: even steps up to now, with a gap where nothing was delivered. */
import { expect, test } from "@jest/globals";
import { daySeries, metricSeries } from "../../src/console/day-series.ts";
import { NO_SERIES, withDelivered } from "../../src/core/table/run-series.ts";

const NOW = 1_800_000_000;
const counts = { insert: 1, modify: 2, remove: 3, expired: 1, slowestSeconds: 4 };

test("changes are in their hour and the slowest delivery in its ten minutes", () => {
  let series = withDelivered(NO_SERIES, counts, NOW - 90_000);
  series = withDelivered(series, { ...counts, slowestSeconds: 9 }, NOW - 3_700);
  series = withDelivered(series, counts, NOW - 3_600);
  series = withDelivered(series, counts, NOW);
  const { lag, changes } = daySeries(series, NOW);
  expect(changes.insert).toHaveLength(24);
  expect(changes.insert.reduce((sum, count) => sum + count, 0)).toBe(3);
  expect(changes.insert.at(-1)).toBe(1);
  expect({
    modify: changes.modify.at(-1),
    remove: changes.remove.at(-1),
    expired: changes.expired.at(-1),
  }).toEqual({
    modify: 2,
    remove: 3,
    expired: 1,
  });
  expect(lag.worst).toHaveLength(144);
  expect(lag.worst.filter((worst) => worst !== null)).toEqual([9, 4, 4]);
  expect(lag.worst.at(-1)).toBe(4);
  expect(lag.fromSeconds + 143 * lag.stepSeconds).toBeLessThanOrEqual(NOW);
  expect(lag.fromSeconds + 144 * lag.stepSeconds).toBeGreaterThan(NOW);
});

test("metrics of a deployment: a lag is the way to the function and the time in Firehose, and kinds are not told apart", () => {
  const hourSeconds = NOW - (NOW % 3_600);
  const { lag, changes } = metricSeries(
    {
      lag: [{ fromSeconds: NOW - 1_200, value: 2 }],
      buffered: [
        { fromSeconds: NOW - 1_200, value: 60 },
        { fromSeconds: NOW, value: 61 },
      ],
      rows: [{ fromSeconds: hourSeconds, value: 7 }],
    },
    NOW,
  );
  expect(lag.worst.filter((worst) => worst !== null)).toEqual([62]);
  expect(changes.ofAnyKind?.at(-1)).toBe(7);
  expect(changes.insert).toHaveLength(24);
});
