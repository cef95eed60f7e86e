import { expect, test } from "@jest/globals";
import { changeObjectPath, changesFolder, hourOf } from "../../../src/core/format/lake-path.ts";
import { initialManifest } from "../../../src/core/format/manifest.ts";
import { changesSince, standingObjects, viewChanges } from "../../../src/core/overlay/change-log.ts";
import { listChanges } from "../../../src/core/table/change-listing.ts";
import { MemoryStore } from "../../support/memory-store.ts";

/** The first second of a day. */
const DAY = Date.UTC(2026, 10, 23) / 1000;
const HOUR = 3600;

interface Arrival {
  readonly at: number;
  readonly newest: number;
}

/** A change log whose objects are named by their index. */
function logOf(...arrivals: readonly Arrival[]): MemoryStore {
  const store = new MemoryStore();
  for (const [i, { at, newest }] of arrivals.entries())
    store.plant(changeObjectPath("t", at, newest, `object-${i}`), "rows");
  return store;
}

async function neededSince(store: MemoryStore, sinceSeconds: number): Promise<readonly string[]> {
  const { objects } = await changesSince(listChanges(store, "t"), sinceSeconds);
  return objects.map(({ path }) => /object-\d+/.exec(path)?.[0] ?? path);
}

test("an early hour of a later day is listed with the late hours of the day before", async () => {
  const store = logOf(
    { at: DAY - 3 * HOUR, newest: DAY },
    { at: DAY - 2 * HOUR, newest: DAY },
    { at: DAY + HOUR, newest: DAY },
    { at: DAY + 30 * HOUR, newest: DAY },
  );
  const objects = await listChanges(store, "t").since(hourOf(DAY - 2 * HOUR));
  expect(objects.map(({ path }) => /object-\d+/.exec(path)?.[0])).toEqual([
    "object-1",
    "object-2",
    "object-3",
  ]);
});

test("a change lies in a partition of one hour before it at most", async () => {
  const store = logOf(
    { at: DAY - HOUR - 1, newest: DAY },
    { at: DAY - HOUR, newest: DAY },
    { at: DAY + HOUR, newest: DAY },
  );
  expect(await neededSince(store, DAY)).toEqual(["object-1", "object-2"]);
});

test("an object is needed as long as its newest change is not older, and by its hour alone where it tells none", async () => {
  const store = logOf({ at: DAY, newest: DAY - 1 }, { at: DAY, newest: DAY }, { at: DAY, newest: DAY + 1 });
  store.plant(`${changesFolder("t")}dt=2026-11-23/hr=00/of-another-writer.parquet`, "rows");
  expect(await neededSince(store, DAY)).toEqual([
    "object-1",
    "object-2",
    "t/changes/dt=2026-11-23/hr=00/of-another-writer.parquet",
  ]);
});

test("the view needs what lies within the skew allowance before its horizon", async () => {
  const manifest = { ...initialManifest(1), horizonSeconds: DAY, skewSeconds: 120 };
  const store = logOf({ at: DAY, newest: DAY - 121 }, { at: DAY, newest: DAY - 120 });
  expect((await viewChanges({ changes: listChanges(store, "t"), manifest })).objects).toHaveLength(1);
});

test("an object can make a key stand unless its name tells that it cannot", async () => {
  const store = logOf({ at: DAY, newest: DAY - 1 }, { at: DAY, newest: DAY });
  store.plant(`${changesFolder("t")}dt=2026-11-23/hr=00/of-another-writer.parquet`, "rows");
  const selection = await changesSince(listChanges(store, "t"), DAY - 120);
  expect(selection.objects).toHaveLength(3);
  const standing = standingObjects({ ...selection, standingSinceSeconds: DAY });
  expect(standing).toEqual(selection.objects.slice(1));
  expect(standingObjects(selection)).toEqual(selection.objects);
});
