import { expect, test } from "@jest/globals";
import { overdueReading } from "../../src/aws/overdue-reading.ts";
import { watchStream } from "../../src/aws/steps/watch-stream.ts";
import { initialManifest, manifestText } from "../../src/core/format/manifest.ts";
import { parseSchema } from "../../src/core/schema/schema.ts";
import { openTableOf } from "../../src/core/table/open-table.ts";
import { knownGaps, readGaps } from "../../src/core/table/recorded-gaps.ts";
import type { ServedInterval } from "../../src/core/table/served-intervals.ts";
import { readStreamBeginning } from "../../src/core/table/stream-beginning.ts";
import type { Sighting } from "../../src/core/table/stream-look.ts";
import { readStreamWatch } from "../../src/core/table/stream-watch.ts";
import { MemoryStore } from "../support/memory-store.ts";

const NOW = 1_800_000_000;
const SCHEMA = parseSchema({ table: "t", key: { hash: "id" }, attributes: {} }, "a test");
const reader = { streamArn: "one", isReading: true, unchangedSinceSeconds: 0 };

const FIRST: readonly ServedInterval[] = [{ configuration: "one", fromSeconds: 0 }];

async function lookAt(
  store: MemoryStore,
  nowSeconds: number,
  sighting: Sighting,
  served: readonly ServedInterval[] = FIRST,
) {
  const opened = await openTableOf(store, SCHEMA);
  return watchStream({ store, opened, entry: { served }, nowSeconds: () => nowSeconds }, sighting);
}

test("a look that dies before it is kept finds the same hole again, and tells it once", async () => {
  const store = new MemoryStore();
  const look = (arn: string, nowSeconds: number) => lookAt(store, nowSeconds, { stream: { arn }, reader });
  await look("one", NOW);
  const kept = await readStreamWatch(store, "t");
  store.failOnce("replace", /watch/, "before");
  await expect(look("two", NOW + 10)).rejects.toThrow("no answer");
  expect(await readStreamWatch(store, "t")).toEqual(kept);
  expect(await readGaps(store, "t")).toMatchObject([{ lostUntilSeconds: NOW + 130 }]);
  await look("two", NOW + 20);
  expect(await readGaps(store, "t")).toMatchObject([
    { reason: "stream-recreated", foundAtSeconds: NOW + 10, lostUntilSeconds: NOW + 140 },
  ]);
});

test("a stream that is replaced is one gap, which grows only while its first changes leave it unread", async () => {
  const store = new MemoryStore();
  const hour = 3600;
  const created = NOW + hour;
  const first = { stream: { arn: "one", createdAtSeconds: 0 }, reader };
  const unread = { stream: { arn: "two", createdAtSeconds: created }, reader };
  const read = {
    ...unread,
    reader: { ...reader, streamArn: "two", unchangedSinceSeconds: created + 30 * hour },
  };
  const lostUntil = async (): Promise<readonly number[]> =>
    (await readGaps(store, "t")).map(({ lostUntilSeconds }) => lostUntilSeconds);
  await lookAt(store, NOW, first);
  for (const hours of [1, 12, 23]) {
    await lookAt(store, created + hours * hour, unread);
    expect(await lostUntil()).toEqual([created + 120]);
  }
  await lookAt(store, created + 29 * hour, unread);
  expect(await lostUntil()).toEqual([created + 6 * hour]);
  // Another mapping reads it from here on.
  for (const hours of [30, 31, 80]) {
    await lookAt(store, created + hours * hour, read);
    expect(await lostUntil()).toEqual([created + 7 * hour]);
  }
});

test("a hole that cannot be written down keeps the look from being kept", async () => {
  const store = new MemoryStore();
  store.failOnce("replace", /gaps/, "before");
  const looking = lookAt(store, NOW, { stream: undefined, reader });
  await expect(looking).rejects.toThrow("no answer");
  expect(await readStreamWatch(store, "t")).toBeUndefined();
});

test("the first look that sees the stream being read keeps since when; none that comes later does", async () => {
  const store = new MemoryStore();
  const look = (unchangedSinceSeconds: number, isReading: boolean) =>
    lookAt(store, Math.max(NOW, unchangedSinceSeconds + 5), {
      stream: { arn: "one", createdAtSeconds: NOW - 500 },
      reader: { ...reader, isReading, unchangedSinceSeconds },
    });
  await look(NOW - 30, false);
  expect(await readStreamBeginning(store, "t")).toBeUndefined();
  const kept = {
    stream: { arn: "one", createdAtSeconds: NOW - 500 },
    readSinceSeconds: NOW + 20,
    configuration: "one",
  };
  for (const since of [NOW + 20, NOW + 30]) {
    await look(since, true);
    expect(await readStreamBeginning(store, "t")).toEqual(kept);
  }
});

test("a table that was removed and added again is looked at anew: of what was seen before nothing counts", async () => {
  const store = new MemoryStore();
  const sighting: Sighting = { stream: { arn: "one", createdAtSeconds: NOW - 500 }, reader };
  await lookAt(store, NOW, sighting);
  const again: readonly ServedInterval[] = [
    { configuration: "one", fromSeconds: 0, untilSeconds: NOW + 100 },
    { configuration: "two", fromSeconds: NOW + 900 },
  ];
  await lookAt(store, NOW + 1000, sighting, again);
  expect(await readStreamBeginning(store, "t")).toMatchObject({
    configuration: "two",
    servedFromSeconds: NOW + 900,
    servedBeforeSeconds: NOW + 100,
  });
  expect(await readStreamWatch(store, "t")).toMatchObject({ configuration: "two", sinceSeconds: NOW + 1000 });
});

const HOUR = 3600;

/** A table with an old snapshot, whose stream is read by one function after the other. */
function movingTable({ snapshots = true } = {}) {
  const store = new MemoryStore();
  const snapshot = { run: "s", exportTimeSeconds: 0, cutSeconds: 0, items: 0, segments: [] };
  const manifest = { ...initialManifest(1), sequence: 1, kind: "snapshot", snapshots: [snapshot] } as const;
  const commit = () => store.plant("t/manifest/000000000001.json", manifestText(manifest));
  if (snapshots) commit();
  /** By the function that was made at that hour for the last of these configurations. */
  const look = async (
    hours: number,
    served: readonly ServedInterval[],
    { made = -NOW / HOUR, ageHours = 0, isReading = true } = {},
  ) => {
    const nowSeconds = NOW + hours * HOUR;
    const recordAges = isReading ? [{ atSeconds: nowSeconds, ageSeconds: ageHours * HOUR }] : [];
    const seen = {
      streamArn: "one",
      isReading,
      unchangedSinceSeconds: NOW + made * HOUR,
      recordAges,
    };
    await lookAt(store, nowSeconds, { stream: { arn: "one", createdAtSeconds: 0 }, reader: seen }, served);
  };
  /** The function for a configuration gets a record of a day ago. */
  const late = async (hours: number, configuration: string, stream = "one") => {
    const nowSeconds = NOW + hours * HOUR;
    const note = overdueReading({ store, table: "t", configuration, nowSeconds: () => nowSeconds });
    const dynamodb = { ApproximateCreationDateTime: nowSeconds - 24 * HOUR };
    await note([{ eventName: "INSERT", eventSourceARN: stream, dynamodb }]);
  };
  const gaps = async () => {
    const { manifest } = await openTableOf(store, SCHEMA);
    return (await knownGaps(store, "t", manifest)).map(({ reason }) => reason);
  };
  return { commit, look, late, gaps };
}

const SECOND: readonly ServedInterval[] = [{ configuration: "two", fromSeconds: 0 }];

test("a function that takes another one's place reads a day again, and lacks nothing where that one was hardly behind", async () => {
  for (const looksBetween of [0, 1, 2]) {
    const table = movingTable();
    await table.look(-2, FIRST, { ageHours: 0.99 });
    for (let i = 0; i < looksBetween; i++) await table.look(i / 10, SECOND, { made: 0, isReading: false });
    await table.late(0.3, "two");
    for (const hours of [1, 2]) await table.look(hours, SECOND, { made: 0, ageHours: 24 });
    expect(await table.gaps()).toEqual([]);
  }
});

test("a function that takes another one's place may lack what that one had not read", async () => {
  const table = movingTable();
  await table.look(-2, FIRST, { ageHours: 1 });
  await table.late(0.3, "two");
  await table.look(1, SECOND, { made: 0, ageHours: 24 });
  expect(await table.gaps()).toEqual(expect.arrayContaining(["started-late", "trimmed"]));
});

test("what was read of another stream proves nothing of this one", async () => {
  const table = movingTable();
  await table.look(-2, FIRST);
  await table.late(0.3, "two", "another");
  expect(await table.gaps()).toEqual(["trimmed"]);
});

test("a function that had a problem may have begun to read at any time since", async () => {
  const table = movingTable();
  await table.look(-1, FIRST);
  await table.look(0.5, SECOND, { made: 0, isReading: false });
  await table.look(30, SECOND, { made: 0 });
  expect(await table.gaps()).toEqual(["started-late"]);
});

test("a table that moves to another function and back lacks nothing", async () => {
  const table = movingTable();
  await table.look(-50, FIRST);
  for (const hours of [-47, -1]) await table.look(hours, SECOND, { made: -48 });
  const again: readonly ServedInterval[] = [
    { configuration: "one", fromSeconds: 0, untilSeconds: NOW - 48 * HOUR },
    { configuration: "three", fromSeconds: 0 },
  ];
  for (const hours of [1, 2]) await table.look(hours, again, { made: 0 });
  expect(await table.gaps()).toEqual([]);
});

test("while two functions read, looks for the one do not make its own reading another's", async () => {
  const table = movingTable();
  for (const hours of [0, 1, 2, 3]) await table.look(hours, hours % 2 === 0 ? FIRST : SECOND);
  // Both were seen to have caught up since; of a shard that waited for a day the other one says so.
  await table.late(21.5, "two");
  expect(await table.gaps()).toEqual([]);
  await table.look(24, SECOND);
  await table.late(24.1, "two");
  expect(await table.gaps()).toEqual(["trimmed"]);
});

test("of a table without a snapshot it is not known since when a function had everything", async () => {
  const table = movingTable({ snapshots: false });
  await table.look(-1, FIRST);
  await table.look(1, SECOND, { made: 0 });
  table.commit();
  expect(await table.gaps()).toEqual(["started-late"]);
});
