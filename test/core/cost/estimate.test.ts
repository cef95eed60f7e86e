/** Estimates of cost: what they count, and how far an idle lake is from costing nothing. */
import { describe, expect, test } from "@jest/globals";
import { PARTS_AT_ONCE_MAX } from "../../../src/aws/unload.ts";
import { type Estimate, estimate } from "../../../src/core/cost/estimate.ts";
import { DEFAULT_LOAD, type Load } from "../../../src/core/cost/load.ts";
import { PRICES } from "../../../src/core/cost/prices.ts";
import { majorStatements, writingStatements } from "../../../src/core/cost/statements.ts";
import { tableWatching, watchingDollars } from "../../../src/core/cost/watching.ts";
import * as fc from "../../support/fast-check.ts";

function of(load: Partial<Load>): Estimate {
  return estimate({ ...DEFAULT_LOAD, writesPerSecond: 0, tableBytes: 0, ...load });
}

function line(found: Estimate, resource: string): number {
  const one = found.perMonth.find((candidate) => candidate.resource.startsWith(resource));
  if (one === undefined) throw new Error(`no line ${resource}`);
  return one.dollars;
}

test("a fold and a seed take a statement for each hundred parts, as Athena's statements are made", () => {
  expect(writingStatements(PARTS_AT_ONCE_MAX)).toBe(1);
  expect(writingStatements(PARTS_AT_ONCE_MAX + 1)).toBe(2);
  const [one, thousand] = [of({ buckets: 1 }), of({ buckets: 1000 })];
  expect([one.statements.seed, thousand.statements.seed]).toEqual([1, 10]);
  expect(majorStatements(1000) - majorStatements(1)).toBe(9);
  expect(thousand.statements.minor).toBe(one.statements.minor);
});

test("buckets cost, as each hundred of them is a statement that reads all deltas", () => {
  const athena = (buckets: number): number =>
    line(of({ writesPerSecond: 100, tableBytes: 100e9, buckets }), "Athena");
  expect(athena(1000)).toBeGreaterThan(1.2 * athena(100));
  expect(athena(100)).toBe(athena(1));
});

describe("an idle lake", () => {
  test("costs at most $1 per lake table and $5 per lake, with a key of its own too", () => {
    for (const ownKey of [false, true]) {
      const { idle } = of({ ownKey });
      expect(idle.table).toBeLessThanOrEqual(1);
      expect(idle.source).toBeLessThanOrEqual(1);
      expect(idle.lake).toBeLessThanOrEqual(5);
    }
  });

  test("is compacted once a day, on days without a compaction of what was written", () => {
    const moves = [0, 20, 3000].map((compactions) => tableWatching(DEFAULT_LOAD, compactions).horizonMoves);
    expect(moves).toEqual([30, 10, 0]);
    expect(tableWatching({ ...DEFAULT_LOAD, compactEveryMinutes: 0 }).horizonMoves).toBe(0);
    const [idle, unmoved] = [0, 3000].map((each) => watchingDollars(tableWatching(DEFAULT_LOAD, each)));
    // 25 transitions, functions and requests, without a statement.
    expect(Number(idle) - Number(unmoved)).toBeGreaterThan(30 * 25 * PRICES.transition.dollars);
    expect(Number(idle) - Number(unmoved)).toBeLessThan(0.05);
  });

  test("costs nothing but its watching", () => {
    const found = of({});
    expect(found.monthDollars).toBe(line(found, "Watching"));
    expect(found.monthDollars).toBeCloseTo(found.idle.lake + found.idle.source + found.idle.table, 10);
  });

  test("is compacted for each write at most, and never where compactions are off", () => {
    const machines = (load: Partial<Load>): number => line(of(load), "Step Functions");
    const rare = machines({ writesPerSecond: 10 / 2_592_000 });
    expect(rare).toBeGreaterThan(0);
    expect(rare).toBeLessThan(machines({ writesPerSecond: 1 }) / 100);
    expect(machines({ writesPerSecond: 1, compactEveryMinutes: 0 })).toBe(0);
  });

  test("costs less without alarms and dashboard", () => {
    const { idle } = of({ alarms: false, dashboard: false });
    const all = of({}).idle;
    expect(all.lake - idle.lake).toBeCloseTo(PRICES.dashboard.dollars + 2 * PRICES.alarm.dollars, 10);
    expect(all.source - idle.source).toBeCloseTo(6 * PRICES.alarm.dollars, 10);
    expect(all.table - idle.table).toBeCloseTo(5 * PRICES.alarm.dollars, 10);
  });
});

test("Firehose bills a lonely record as 5 KB, and a full batch by its bytes", () => {
  const billed = (batchSize: number): number =>
    line(of({ writesPerSecond: 10_000, tableBytes: 1e12, batchSize }), "Firehose");
  const perRow = (dollars: number): number => dollars / (10_000 * 2_592_000);
  expect(perRow(billed(1))).toBeCloseTo((5000 / 1e9) * 0.047, 12);
  expect(perRow(billed(1000))).toBeCloseTo((1300 / 1e9) * 0.047, 12);
});

test("more writes, more data and more lake tables never cost less", () => {
  const loads = fc.record({
    writesPerSecond: fc.double({ min: 0, max: 20_000, noNaN: true }),
    tableBytes: fc.double({ min: 0, max: 1e13, noNaN: true }),
    lakeTables: fc.integer({ min: 1, max: 20 }),
  });
  fc.assert(
    fc.property(loads, fc.constantFrom("writesPerSecond", "tableBytes", "lakeTables"), (load, member) => {
      const less = of({ ...load, buckets: 10 });
      const more = of({ ...load, buckets: 10, [member]: load[member] * 2 });
      for (const { dollars, resource } of less.perMonth) {
        expect(Number.isFinite(dollars)).toBe(true);
        // A fuller batch takes fewer invocations per row; a larger table is rewritten less often for the same writes; and what
        // compactions fold on a day moves the horizon, too.
        if (/^(Stream|Firehose|S3 requests|S3 storage|Athena|Watching)/.test(resource)) continue;
        expect(line(more, resource)).toBeGreaterThanOrEqual(dollars);
      }
      expect(more.snapshotDollars).toBeGreaterThanOrEqual(less.snapshotDollars);
    }),
    { numRuns: 200 },
  );
});

describe("snapshots by a schedule", () => {
  const load = { tableBytes: 100e9, buckets: 1 };
  const daily = (snapshotsKept: number, lakeTables = 1) =>
    of({ ...load, snapshotEveryDays: 1, snapshotsKept, lakeTables });

  test("cost their exports, once for all lake tables, and statements", () => {
    const { snapshotDollars } = of(load);
    expect(line(daily(1), "Snapshots")).toBeCloseTo(30 * snapshotDollars, 8);
    expect(of(load).perMonth.some(({ resource }) => resource.startsWith("Snapshots"))).toBe(false);
    // A day's export is 100 GB at $0.10; for each lake table Athena reads twice 0.1 TB at $5.
    expect(line(daily(31), "Snapshots")).toBeCloseTo(330, 8);
    expect(line(daily(31, 2), "Snapshots")).toBeCloseTo(30 * (10 + 2 * 1), 8);
  });

  test("cost the storage of those that stay, and of others until they are deleted", () => {
    const base = (100e9 * 0.4) / 1e9;
    const storage = (kept: number, lakeTables = 1): number =>
      line(daily(kept, lakeTables), "S3 storage of older");
    // The newest is the base; 29 others stay, and the one before them goes.
    expect(storage(30)).toBeCloseTo(30 * base * PRICES.storage.dollars, 8);
    expect(storage(400)).toBeCloseTo(30 * base * PRICES.storage.dollars, 8);
    // 30 times 40 GB at $0.023; each lake table keeps its own.
    expect(storage(31)).toBeCloseTo(27.6, 8);
    expect(storage(31, 2)).toBeCloseTo(2 * 27.6, 8);
    // Of 30, those of the last 14 days.
    expect(storage(1)).toBeCloseTo(14 * base * PRICES.storage.dollars, 8);
    expect(line(of({ ...load, snapshotsKept: 3 }), "S3 storage of older")).toBe(0);
  });
});
