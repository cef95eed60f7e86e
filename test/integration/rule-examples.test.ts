import { expect, test } from "@jest/globals";
import { compactMajor, compactMinor } from "../../src/core/compaction/compact.ts";
import { seed } from "../../src/core/compaction/seed.ts";
import { currentView } from "../../src/core/overlay/lake-view.ts";
import { latestManifest } from "../../src/core/table/commits.ts";
import { openTableOf } from "../../src/core/table/open-table.ts";
import { sessionOfTests } from "../crash-points/session.ts";
import {
  type Change,
  compaction,
  deliverAll,
  NOW,
  seeding,
  shown,
  TABLE,
  World,
  worldSchema,
} from "../crash-points/world.ts";

/** The corners of the overlay's rule, one by one: where clocks run backwards by as much as they may, and changes come late. */

const session = sessionOfTests();

/** A snapshot of items 1 and 2, an hour ago. */
async function seeded(): Promise<World> {
  const world = new World(session(), worldSchema());
  world.nowSeconds = NOW - 3600;
  await seed(seeding(world, { 1: "a1", 2: "a2" }, world.nowSeconds));
  world.nowSeconds = NOW;
  return world;
}

/** Delivers each change as a separate object. */
async function delivered(world: World, ...changes: readonly Change[]): Promise<void> {
  for (const change of changes) await deliverAll(world, [change]);
}

async function folded(world: World): Promise<void> {
  world.nowSeconds += 10;
  await compactMinor(compaction(world));
  await compactMajor(compaction(world), "all");
}

test("a late older change never revives an item whose removal has an earlier time and left the base long ago", async () => {
  const world = await seeded();
  const removal = { key: 1, sequence: 12, value: undefined, timeSeconds: NOW - 1119 };
  const later = { key: 2, sequence: 13, value: "b2", timeSeconds: NOW - 900 };
  await delivered(world, removal, later);
  await folded(world);
  await delivered(world, { key: 1, sequence: 11, value: "b1", timeSeconds: NOW - 1000 });
  await folded(world);
  expect(await shown(world)).toEqual({ 2: "b2" });
});

test("of two changes the one of the higher number stands, though its time lies a whole skew allowance before the horizon", async () => {
  const world = await seeded();
  await delivered(world, { key: 2, sequence: 10, value: "b2", timeSeconds: NOW - 1001 });
  await folded(world);
  const { horizonSeconds, skewSeconds } = await latestManifest(world.store, TABLE);
  expect(horizonSeconds).toBe(NOW - 1000);
  const earlier = horizonSeconds - skewSeconds;
  await delivered(
    world,
    { key: 1, sequence: 11, value: "b1", timeSeconds: horizonSeconds },
    { key: 1, sequence: 12, value: "c1", timeSeconds: earlier },
  );
  expect(await shown(world)).toEqual({ 1: "c1", 2: "b2" });
  await folded(world);
  expect(await shown(world)).toEqual({ 1: "c1", 2: "b2" });
});

test("a change counts from its own second on, and not in the second before", async () => {
  const world = await seeded();
  await delivered(world, { key: 1, sequence: 11, value: "b1", timeSeconds: NOW - 100 });
  const table = await openTableOf(world.store, world.schema);
  const valueAt = async (seconds: number): Promise<unknown> => {
    const { sql } = await currentView(world.engine, table, seconds);
    return (await world.engine.rows(`SELECT v FROM (${sql}) WHERE k = 1`))[0]?.v;
  };
  expect(await valueAt(NOW - 101)).toBe("a1");
  expect(await valueAt(NOW - 100)).toBe("b1");
});
