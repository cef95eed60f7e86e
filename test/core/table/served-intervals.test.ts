import { describe, expect, test } from "@jest/globals";
import {
  type ServedInterval,
  servedSince,
  servedUntil,
  wasServed,
} from "../../../src/core/table/served-intervals.ts";

const NOW = 1_800_000_000;

describe("a lake table", () => {
  test("that is there before its source is read gets all that is read", () => {
    const served = servedSince([], { configuration: "one", isRead: false, nowSeconds: NOW });
    expect(served).toEqual([{ configuration: "one", fromSeconds: 0 }]);
  });

  test("that is added is served once every instance of the function has looked and ended what it had begun", () => {
    const served = servedSince([], { configuration: "one", isRead: true, nowSeconds: NOW });
    expect(served).toEqual([{ configuration: "one", fromSeconds: NOW + 240 }]);
  });

  test("that is added gets batches that failed since it was configured: its snapshot's floor may be before it is served", () => {
    const served = servedSince([], { configuration: "one", isRead: true, nowSeconds: NOW });
    expect([NOW - 1, NOW, NOW + 240].map((at) => wasServed(served, at))).toEqual([false, true, true]);
  });

  test("that is deployed again with other settings is served as before", () => {
    const served: readonly ServedInterval[] = [{ configuration: "one", fromSeconds: 5 }];
    expect(servedSince(served, { configuration: "one", isRead: true, nowSeconds: NOW })).toBe(served);
  });

  test("that is removed and added again has a new interval, and its history", () => {
    const first = servedSince([], { configuration: "one", isRead: false, nowSeconds: NOW });
    const removed = servedUntil(first, "one", NOW + 100);
    expect(removed).toEqual([{ configuration: "one", fromSeconds: 0, untilSeconds: NOW + 100 }]);
    const again = servedSince(removed, { configuration: "two", isRead: true, nowSeconds: NOW + 1000 });
    expect(again).toEqual([...removed, { configuration: "two", fromSeconds: NOW + 1240 }]);
    const served = [NOW + 99, NOW + 101, NOW + 999, NOW + 1000].map((at) => wasServed(again, at));
    expect(served).toEqual([true, false, false, true]);
  });

  test("that is replaced before it is removed ends its earlier interval once, at the first of both", () => {
    const first = servedSince([], { configuration: "one", isRead: false, nowSeconds: NOW });
    const replaced = servedSince(first, { configuration: "two", isRead: true, nowSeconds: NOW + 10 });
    expect(replaced[0]).toEqual({ configuration: "one", fromSeconds: 0, untilSeconds: NOW + 10 });
    expect(servedUntil(replaced, "one", NOW + 20)).toEqual(replaced);
  });
});
