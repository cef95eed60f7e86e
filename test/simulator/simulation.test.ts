/** Plays random histories, and checks that the simulator finds a broken engine. */
import { expect, test } from "@jest/globals";
import { deepTest } from "../support/deep-test.ts";
import { effort, tries } from "../support/effort.ts";
import { EVENTS } from "./counts.ts";
import { historyOf, play, type Watcher } from "./one-table.ts";
import { shrink } from "./shrinking.ts";
import { ONE_TABLE, report, simulate } from "./simulation.ts";

test("thousands of steps hold every promise, and meet every kind of event", async () => {
  const result = await simulate({
    steps: tries(18_000),
    seed: 1,
    length: 300,
    game: ONE_TABLE,
    shrinkSeconds: 20,
  });
  if (result.failed !== undefined) throw new Error(report(result));
  const unmet = EVENTS.filter((event) => result.counts.of(event) === 0);
  // With less than all effort the rare ones are missing.
  if (effort < 1) expect(unmet.length).toBeLessThan(EVENTS.length / 3);
  else expect(unmet).toEqual([]);
}, 300_000);

deepTest("a seed is one history", async () => {
  const [first, second] = [await play(historyOf(7, 300)), await play(historyOf(7, 300))];
  expect(second.told).toEqual(first.told);
  expect(second.counts.sorted()).toEqual(first.counts.sorted());
  expect(first.told.length).toBeGreaterThan(150);
});

/** An engine that loses removals when it writes segments. */
const withoutTombstones: Watcher = {
  begins: ({ store }) => {
    const { putRows } = store;
    store.putRows = (path, rows) => {
      const isDelta = path.includes("/segments/minor");
      putRows.call(store, path, isDelta ? rows.filter(({ _op }) => _op !== "REMOVE") : rows);
    };
  },
};

deepTest(
  "a deletion that is forgotten is found, and told in a few steps",
  async () => {
    let seed = 1;
    let played = await play(historyOf(seed, 300), withoutTombstones);
    while (played.failure === undefined) played = await play(historyOf(++seed, 300), withoutTombstones);
    expect(seed).toBeLessThan(5);
    let tries = 0;
    const shrunk = await shrink(
      historyOf(seed, 300),
      played,
      () => ++tries < 400,
      (history) => play(history, withoutTombstones),
    );
    expect(shrunk.played.failure?.promise).toBe(played.failure.promise);
    expect(shrunk.history.steps.length).toBeLessThan(12);
    expect(shrunk.played.told.some(({ text }) => text.startsWith("REMOVE"))).toBe(true);
    const again = await play(shrunk.history, withoutTombstones);
    expect(again.failure).toEqual(shrunk.played.failure);
  },
  300_000,
);
