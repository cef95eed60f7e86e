/** What a run has delivered over time: every change once in a minute and once in an hour, for as long as each is kept. */
import { expect, test } from "@jest/globals";
import {
  type DeliveredCounts,
  NO_SERIES,
  type RunSeries,
  readRunSeries,
  saveRunSeries,
  withDelivered,
} from "../../../src/core/table/run-series.ts";
import * as fc from "../../support/fast-check.ts";
import { MemoryStore } from "../../support/memory-store.ts";

const HOUR = 3_600;
const counts = (insert: number, slowestSeconds = 1): DeliveredCounts => ({
  insert,
  modify: 0,
  remove: 0,
  expired: 0,
  slowestSeconds,
});

test("what is delivered in one minute is added, with the slowest of it", () => {
  let series = withDelivered(NO_SERIES, counts(2, 5), 7_260);
  series = withDelivered(series, counts(3, 1), 7_319);
  series = withDelivered(series, counts(4), 7_320);
  expect(series.minutes).toMatchObject([
    { fromSeconds: 7_260, insert: 5, slowestSeconds: 5 },
    { fromSeconds: 7_320, insert: 4, slowestSeconds: 1 },
  ]);
  expect(series.hours).toMatchObject([{ fromSeconds: 7_200, insert: 9, slowestSeconds: 5 }]);
});

test("minutes are kept for a day, and hours for 90 days", () => {
  let series: RunSeries = NO_SERIES;
  for (let hour = 0; hour < 100 * 24; hour++) series = withDelivered(series, counts(1), hour * HOUR);
  expect(series.minutes).toHaveLength(24);
  expect(series.hours).toHaveLength(90 * 24);
  expect(series.hours.at(-1)?.fromSeconds).toBe((100 * 24 - 1) * HOUR);
});

test("times are in order and each is there once, wherever the clock goes", () => {
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 300_000 })), (times) => {
      let series: RunSeries = NO_SERIES;
      for (const seconds of times) series = withDelivered(series, counts(1), seconds);
      for (const buckets of [series.minutes, series.hours]) {
        const from = buckets.map(({ fromSeconds }) => fromSeconds);
        expect(from).toEqual([...new Set(from)].toSorted((a, b) => a - b));
        expect(buckets.length).toBeLessThanOrEqual(24 * 60 + 1);
      }
    }),
  );
});

test("it is read as it was written, and lies where no table can", async () => {
  const store = new MemoryStore();
  expect(await readRunSeries(store, "t")).toBeUndefined();
  const series = withDelivered(
    NO_SERIES,
    { insert: 1, modify: 2, remove: 3, expired: 1, slowestSeconds: 4 },
    100,
  );
  await saveRunSeries(store, "t", series);
  expect(await readRunSeries(store, "t")).toEqual(series);
  expect(store.paths("")).toEqual([".dynalake/series/t.json"]);
});
