import { expect, test } from "@jest/globals";
import { overdueReading } from "../../src/aws/overdue-reading.ts";
import { watchStream } from "../../src/aws/steps/watch-stream.ts";
import { initialManifest, manifestText } from "../../src/core/format/manifest.ts";
import { parseSchema } from "../../src/core/schema/schema.ts";
import { openTableOf } from "../../src/core/table/open-table.ts";
import { readGaps } from "../../src/core/table/recorded-gaps.ts";
import type { ServedInterval } from "../../src/core/table/served-intervals.ts";
import { readStreamBeginning } from "../../src/core/table/stream-beginning.ts";
import type { SeenReader, Sighting } from "../../src/core/table/stream-look.ts";
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
    lookAt(store, NOW, {
      stream: { arn: "one", createdAtSeconds: NOW - 500 },
      reader: { ...reader, isReading, unchangedSinceSeconds },
    });
  await look(NOW - 30, false);
  expect(await readStreamBeginning(store, "t")).toBeUndefined();
  const kept = {
    stream: { arn: "one", createdAtSeconds: NOW - 500 },
    readSinceSeconds: NOW - 20,
    configuration: "one",
  };
  for (const since of [NOW - 20, NOW - 10]) {
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

/** A table of an old snapshot moves to a new function, which reads the stream's last day again. Returns the gaps. */
async function replacedFunction(behindSeconds: number, { stream: arn = "one", looked = true } = {}) {
  const store = new MemoryStore();
  const snapshot = { run: "s", exportTimeSeconds: 0, cutSeconds: 0, items: 0, segments: [] };
  const manifest = { ...initialManifest(1), sequence: 1, kind: "snapshot", snapshots: [snapshot] } as const;
  store.plant("t/manifest/000000000001.json", manifestText(manifest));
  const aged = (ageSeconds: number): SeenReader => ({
    ...reader,
    recordAges: [{ atSeconds: NOW - 2 * HOUR, ageSeconds }],
  });
  await lookAt(store, NOW - 2 * HOUR, {
    stream: { arn: "one", createdAtSeconds: 0 },
    reader: aged(behindSeconds),
  });
  const served: readonly ServedInterval[] = [{ configuration: "two", fromSeconds: 0 }];
  const another = { arn, createdAtSeconds: 0 };
  // The mapping is still being made.
  const made = { streamArn: arn, isReading: false, unchangedSinceSeconds: NOW };
  if (looked) await lookAt(store, NOW, { stream: another, reader: made }, served);
  const note = overdueReading({ store, table: "t", configuration: "two", nowSeconds: () => NOW + 60 });
  const dynamodb = { ApproximateCreationDateTime: NOW - 24 * HOUR };
  await note([{ eventName: "INSERT", eventSourceARN: arn, dynamodb }]);
  const reading = { ...aged(24 * HOUR), ...made, isReading: true };
  for (const hours of [1, 2])
    await lookAt(store, NOW + hours * HOUR, { stream: another, reader: reading }, served);
  return (await readGaps(store, "t")).map(({ reason }) => reason);
}

test("a function that takes another one's place reads a day again, and lacks nothing where that one was hardly behind", async () => {
  expect(await replacedFunction(HOUR - 1)).toEqual([]);
  expect(await replacedFunction(HOUR - 1, { looked: false })).toEqual([]);
});

test("a function that takes another one's place may lack what that one had not read", async () => {
  expect(await replacedFunction(HOUR)).toEqual(["started-late", "trimmed"]);
});

test("what was read of another stream proves nothing of this one", async () => {
  expect(await replacedFunction(0, { stream: "two" })).toContain("trimmed");
});
