/** Counts of acknowledged rows: kept now and then, by hours, and never too high. */
import { expect, test } from "@jest/globals";
import {
  acknowledgedDays,
  acknowledgedOfDay,
  acknowledgedRows,
  SAVE_SECONDS,
} from "../../../src/core/table/acknowledged-rows.ts";
import { MemoryStore } from "../../support/memory-store.ts";

/** An hour at the end of a day. */
const LAST_HOUR = Date.parse("2026-11-23T23:00:00Z") / 1000;
const rowsAt = (...times: readonly number[]) => times.map((changedAtSeconds) => ({ changedAtSeconds }));

function counting(store: MemoryStore, counter: string) {
  let now = LAST_HOUR;
  const rows = acknowledgedRows({ store, counter, nowSeconds: () => now });
  return {
    ...rows,
    later: (seconds: number) => {
      now += seconds;
    },
  };
}

test("rows are counted by the hour of their change, and summed over processes and tables apart", async () => {
  const store = new MemoryStore();
  const [one, two] = [counting(store, "one"), counting(store, "two")];
  one.count("t", rowsAt(LAST_HOUR, LAST_HOUR + 3599, LAST_HOUR + 3600));
  one.count("other", rowsAt(LAST_HOUR));
  two.count("t", rowsAt(LAST_HOUR + 1));
  await one.save();
  await two.save();
  expect(await acknowledgedDays(store, "t")).toEqual(["2026-11-23", "2026-11-24"]);
  expect([...(await acknowledgedOfDay(store, "t", "2026-11-23"))]).toEqual([[LAST_HOUR, 3]]);
  expect([...(await acknowledgedOfDay(store, "t", "2026-11-24"))]).toEqual([[LAST_HOUR + 3600, 1]]);
  expect([...(await acknowledgedOfDay(store, "other", "2026-11-23"))]).toEqual([[LAST_HOUR, 1]]);
});

test("a process writes its counts whole, once in a while, and only those that have changed", async () => {
  const store = new MemoryStore();
  const one = counting(store, "one");
  const deliver = async () => {
    one.count("t", rowsAt(LAST_HOUR));
    await one.save();
  };
  for (let i = 0; i < 3; i++) await deliver();
  expect([...(await acknowledgedOfDay(store, "t", "2026-11-23"))]).toEqual([[LAST_HOUR, 1]]);
  one.later(SAVE_SECONDS);
  await one.save();
  expect([...(await acknowledgedOfDay(store, "t", "2026-11-23"))]).toEqual([[LAST_HOUR, 3]]);
  one.later(SAVE_SECONDS);
  await one.save();
  expect(store.calls.filter((call) => call.startsWith("replace "))).toHaveLength(2);
});

test("what could not be written is written the next time", async () => {
  const store = new MemoryStore();
  const one = counting(store, "one");
  one.count("t", rowsAt(LAST_HOUR));
  store.failOnce("replace", /_acknowledged/, "before");
  await expect(one.save()).rejects.toThrow();
  await one.save();
  expect([...(await acknowledgedOfDay(store, "t", "2026-11-23"))]).toEqual([[LAST_HOUR, 1]]);
});
