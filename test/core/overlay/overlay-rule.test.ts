import { describe, expect, test } from "@jest/globals";
import { VERSION_DIGITS } from "../../../src/core/change/change.ts";
import { FLOOR_MARGIN_SECONDS, SKEW_SECONDS } from "../../../src/core/format/manifest.ts";
import {
  changeInWindow,
  isLate,
  isNewer,
  overlaidChange,
  type RuledChange,
  stateOf,
} from "../../../src/core/overlay/overlay-rule.ts";
import type { ModelChange } from "../../simulator/model-table.ts";
import {
  BEFORE_ALL_COMMITS,
  type Log,
  MARGIN_SECONDS,
  type Row,
  SKEW_SECONDS as SKEW,
  shownBy,
} from "../../simulator/rule.ts";
import * as fc from "../../support/fast-check.ts";

const START = 1_700_000_000;
const KEYS = 3;

/** Changes of a few keys as they were made: times are apart from the real ones by half the skew allowance at most. */
const made: fc.Arbitrary<readonly ModelChange[]> = fc
  .array(
    fc.record({
      key: fc.nat(KEYS - 1),
      afterSeconds: fc.constantFrom(0, 1, 20, 100, 400),
      clockSeconds: fc.integer({ min: -SKEW_SECONDS / 2, max: SKEW_SECONDS / 2 }),
      isRemoval: fc.boolean(),
    }),
    { minLength: 1, maxLength: 14 },
  )
  .map((writes) => {
    let realSeconds = START;
    return writes.map(({ key, afterSeconds, clockSeconds, isRemoval }, i): ModelChange => {
      realSeconds += afterSeconds;
      return {
        key,
        sequence: i + 1,
        timeSeconds: realSeconds + clockSeconds,
        realSeconds,
        operation: isRemoval ? "REMOVE" : "MODIFY",
        value: isRemoval ? undefined : `v${i}`,
        last: undefined,
        expired: false,
      };
    });
  });

/** Objects of the change log in any order, with changes that come twice, or not at all. */
const histories = made.chain((changes) =>
  fc.record({
    changes: fc.constant(changes),
    log: fc.array(fc.subarray([...changes], { minLength: 1 }), { maxLength: 6 }),
    floorSeconds: fc.constantFrom(START, ...changes.map(({ timeSeconds }) => timeSeconds)),
    horizonAfterSeconds: fc.constantFrom(0, 1, 60, 120, 500, 3_000),
    foldedShare: fc.nat(6),
    seeded: fc.subarray([...Array(KEYS).keys()]),
  }),
);

interface Ruled extends RuledChange {
  readonly of: ModelChange;
}

function ruled(of: ModelChange): Ruled {
  const version = String(of.sequence).padStart(VERSION_DIGITS, "0");
  return { version, changedAtSeconds: of.timeSeconds, operation: of.operation, of };
}

describe("the rule of the overlay", () => {
  test("shows what the simulator's own copy of the rule shows, whatever was delivered and folded", () => {
    expect([SKEW, MARGIN_SECONDS]).toEqual([SKEW_SECONDS, FLOOR_MARGIN_SECONDS]);
    fc.assert(
      fc.property(histories, ({ log, floorSeconds, horizonAfterSeconds, foldedShare, seeded }) => {
        const folded = Math.min(foldedShare, log.length);
        const horizonSeconds = floorSeconds + horizonAfterSeconds;
        const rows = new Map(seeded.map((key) => [key, `s${key}`]));
        const commit = {
          ...BEFORE_ALL_COMMITS,
          floorSeconds,
          horizonSeconds,
          seeded: rows,
          folded,
          foldedMost: folded,
        };
        const times = { floorSeconds, horizonSeconds, skewSeconds: SKEW_SECONDS };
        const wanted = shownBy(commit, log);
        for (let key = 0; key < KEYS; key++) {
          const [row] = wanted.get(key) ?? [undefined];
          expect(shownFor(key, log, folded, times, rows)).toEqual(row);
        }
      }),
      { numRuns: 3000 },
    );
  });

  test("takes the newest change of all as the state, once some change is at or after the floor", () => {
    fc.assert(
      fc.property(histories, ({ changes, floorSeconds }) => {
        const times = { floorSeconds, horizonSeconds: floorSeconds, skewSeconds: SKEW_SECONDS };
        for (let key = 0; key < KEYS; key++) {
          const own = changes.filter((change) => change.key === key);
          const isDecided = own.some(({ timeSeconds }) => timeSeconds >= floorSeconds);
          expect(stateOf(own.map(ruled), times)?.of).toBe(isDecided ? own.at(-1) : undefined);
        }
      }),
      { numRuns: 1000 },
    );
  });

  test("depends neither on the order of deliveries nor on how often a change comes", () => {
    fc.assert(
      fc.property(histories, fc.nat(), ({ changes, floorSeconds }, turn) => {
        const window = { sinceSeconds: floorSeconds, untilSeconds: floorSeconds + 600, skewSeconds: 120 };
        const own = changes.map(ruled);
        const turned = [...own.slice(turn % own.length), ...own, ...own.slice(0, turn % own.length)];
        expect(changeInWindow(turned.reverse(), window)).toBe(changeInWindow(own, window));
      }),
      { numRuns: 500 },
    );
  });
});

describe("at the borders", () => {
  const at = (sequence: number, changedAtSeconds: number): RuledChange => ({
    version: String(sequence),
    changedAtSeconds,
    operation: "MODIFY",
  });
  const window = { sinceSeconds: 1_000, untilSeconds: 2_000, skewSeconds: 120 };

  test("a key stands in a window from its first second on, and not at its end", () => {
    expect(changeInWindow([at(1, 1_000)], window)).toBeDefined();
    expect(changeInWindow([at(1, 999)], window)).toBeUndefined();
    expect(changeInWindow([at(1, 1_999)], window)).toBeDefined();
    expect(changeInWindow([at(1, 2_000)], window)).toBeUndefined();
  });

  test("a newer change counts with a time that lies a whole skew allowance before the window, and no earlier", () => {
    const [older, newer] = [at(1, 1_000), at(2, 880)];
    expect(changeInWindow([older, newer], window)).toBe(newer);
    expect(changeInWindow([older, at(2, 879)], window)).toBe(older);
  });

  test("late is what is older than the horizon, and not older than the floor with its skew allowance", () => {
    const times = { floorSeconds: 1_000, horizonSeconds: 2_000, skewSeconds: 120 };
    const late = [879, 880, 1_999, 2_000].map((seconds) => isLate(at(1, seconds), times));
    expect(late).toEqual([false, true, true, false]);
  });

  test("of two recorded changes with one sequence number the later one is newer, and of one second a REMOVE", () => {
    expect(isNewer(at(1, 1_001), at(1, 1_000))).toBe(true);
    expect(isNewer({ ...at(1, 1_000), operation: "REMOVE" }, at(1, 1_000))).toBe(true);
    expect(isNewer(at(1, 1_000), { ...at(1, 1_000), operation: "INSERT" })).toBe(true);
    expect(isNewer(at(1, 1_000), at(1, 1_000))).toBe(false);
  });
});

/** A key's row by the rule: from what was folded, the log and the snapshot. */
function shownFor(
  key: number,
  log: Log,
  folded: number,
  times: Parameters<typeof stateOf>[1],
  snapshot: ReadonlyMap<number, string>,
): Row | undefined {
  const ofKey = (objects: Log): Ruled[] =>
    objects
      .flat()
      .filter((change) => change.key === key)
      .map(ruled);
  const old = ofKey(log.slice(0, folded)).filter(({ of }) => of.timeSeconds < times.horizonSeconds);
  const delta = stateOf(old, times);
  const overlaid = overlaidChange(delta === undefined ? [] : [delta], ofKey(log), times);
  if (overlaid !== undefined) return overlaid.operation === "REMOVE" ? undefined : { change: overlaid.of };
  const row = snapshot.get(key);
  return row === undefined ? undefined : { snapshot: row };
}
