import { describe, expect, test } from "@jest/globals";
import {
  type FollowContext,
  type FollowEvent,
  type Follower,
  openFollower,
} from "../../../src/core/delivery/follow.ts";
import { NEWEST_FORMAT } from "../../../src/core/format/lake-file.ts";
import { initialManifest, manifestText } from "../../../src/core/format/manifest.ts";
import { rowCodec } from "../../../src/core/row/row.ts";
import { lineWriter } from "../../../src/core/row/wire-line.ts";
import { parseSchema } from "../../../src/core/schema/schema.ts";
import { readReadingState } from "../../../src/core/table/reading-state.ts";
import { readGaps } from "../../../src/core/table/recorded-gaps.ts";
import { readStreamBeginning } from "../../../src/core/table/stream-beginning.ts";
import { FakeSource, STREAM_ARN } from "../../support/fake-source.ts";
import { Died, MemoryStore, type Moment } from "../../support/memory-store.ts";
import { deliveredRows, storeSink } from "../../support/store-sink.ts";

const NOW = 1_800_000_000;
const SCHEMA = parseSchema(
  { table: "t", key: { hash: "id" }, attributes: { id: { type: "string" } } },
  "a test",
);

describe("one step", () => {
  test("delivers a batch, and only then saves its position", async () => {
    const { world, follower } = await opened(["a", "b", "c"]);
    expect(await follower.step()).toMatchObject({ rows: 2 });
    expect(idsOf(world)).toEqual(["a", "b"]);
    const writes = world.store.calls.filter((call) => /^(create|replace) t\/(changes|position)/.test(call));
    expect(writes).toEqual([
      expect.stringMatching(/^create t\/changes\//),
      expect.stringMatching(/^replace t\/position\.json/),
    ]);
    expect(await savedPosition(world)).toBe("1");
  });

  test("saves no position where the delivery fails, and the next start gives the records again", async () => {
    const { world, follower } = await opened(["a", "b", "c"]);
    world.store.failOnce("create", /changes/, "before");
    await expect(follower.step()).rejects.toThrow("no answer");
    expect(await savedPosition(world)).toBeUndefined();
    await runToEnd(world);
    expect(idsOf(world)).toEqual(["a", "b", "c"]);
  });

  test("that failed is not passed over by the next step of the same follower", async () => {
    for (const path of [/changes/, /position/, /quarantine/]) {
      const { world, follower } = await opened(["a", "b", "c"]);
      world.source.records.splice(1, 0, "no record");
      world.store.failOnce(/position/.test(path.source) ? "replace" : "create", path, "before");
      await expect(follower.step()).rejects.toThrow("no answer");
      while (!(await reachedEnd(follower)));
      expect(new Set(idsOf(world))).toEqual(new Set(["a", "b", "c"]));
      expect(world.store.paths("t/quarantine/")).toHaveLength(1);
    }
  });

  test("counts what it delivered by its operation, and the longest way, since it was last asked", async () => {
    const { follower } = await opened(["a", "b", "c"]);
    expect(follower.takeDelivered()).toBeUndefined();
    await follower.step();
    expect(follower.takeDelivered()).toEqual({
      insert: 2,
      modify: 0,
      remove: 0,
      expired: 0,
      slowestSeconds: 1,
    });
    expect(follower.takeDelivered()).toBeUndefined();
  });

  test("says when it has caught up, and that it has not before", async () => {
    const { world, follower } = await opened(["a", "b", "c"]);
    expect(follower.caughtUp()).toBe(false);
    await follower.step();
    expect(follower.caughtUp()).toBe(false);
    expect((await readReadingState(world.store, "t"))?.caughtUpAtSeconds).toBeUndefined();
    await follower.step();
    expect(follower.caughtUp()).toBe(true);
    expect(await readReadingState(world.store, "t")).toMatchObject({
      savedAtSeconds: NOW,
      caughtUpAtSeconds: NOW,
      newestChangeSeconds: NOW - 1,
    });
  });

  test("says until when all is delivered, of a stream that is never at its end, too", async () => {
    const { world, follower } = await opened(["a", "b", "c", "d", "e", "f", "g"]);
    expect(follower.deliveredUntilSeconds()).toBe(0);
    await follower.step();
    world.source.readUntilSeconds = NOW - 2.5;
    // Its records were read before that time was known.
    await follower.step();
    expect(follower.deliveredUntilSeconds()).toBe(0);
    await follower.step();
    expect([follower.deliveredUntilSeconds(), follower.caughtUp()]).toEqual([NOW - 2.5, false]);
    expect(await readReadingState(world.store, "t")).toMatchObject({ caughtUpAtSeconds: NOW - 3 });
  });

  test("writes an idle stream down as read to its end, but not at every step", async () => {
    const { world, follower } = await opened([]);
    for (const second of [0, 1, 4, 5, 6, 9, 10]) {
      world.nowSeconds = NOW + second;
      await follower.step();
    }
    const saves = world.store.calls.filter((call) => call === "replace t/position.json");
    expect(saves).toHaveLength(3);
    expect((await readReadingState(world.store, "t"))?.caughtUpAtSeconds).toBe(NOW + 10);
  });

  test("keeps the newest change that it knows of, also where the next batch has none or older ones", async () => {
    const { world, follower } = await opened(["a", "b"]);
    await follower.step();
    world.source.records.push("{");
    await follower.step();
    expect(await readReadingState(world.store, "t")).toMatchObject({ newestChangeSeconds: NOW - 1 });
  });

  test("tells of what it delivered, and nothing where nothing came", async () => {
    const { world, follower } = await opened(["a"]);
    await follower.step();
    await follower.step();
    expect(world.events.map(({ kind }) => kind)).toEqual(["opened", "delivered"]);
  });
});

describe("the next batch", () => {
  test("is read while one is delivered, and the position covers nothing of it", async () => {
    const { world, follower } = await opened(["a", "b", "c", "d"]);
    const delivery = heldDelivery(world);
    const step = follower.step();
    await delivery.begun;
    await follower.full();
    expect(world.source.readers[0]?.given).toBe(4);
    delivery.release();
    await step;
    expect([idsOf(world), await savedPosition(world)]).toEqual([["a", "b"], "1"]);
    await follower.step();
    expect([idsOf(world), await savedPosition(world)]).toEqual([["a", "b", "c", "d"], "3"]);
  });

  test("is never larger than a delivery may be, however long the one before takes", async () => {
    const { world, follower } = await opened(["a", "b", "c", "d", "e", "f", "g"]);
    const delivery = heldDelivery(world);
    const step = follower.step();
    await delivery.begun;
    await follower.full();
    for (let turn = 0; turn < 20; turn++) await Promise.resolve();
    expect(world.source.readers[0]?.given).toBe(4);
    delivery.release();
    await step;
  });

  test("that cannot be read fails its own step, after what was read before is delivered", async () => {
    const { world, follower } = await opened(["a", "b", "c"]);
    const delivery = heldDelivery(world);
    const step = follower.step();
    world.source.fail(new Error("the stream is gone"), 2);
    await delivery.begun;
    delivery.release();
    expect(await step).toMatchObject({ rows: 2 });
    await expect(follower.step()).rejects.toThrow("the stream is gone");
    expect(await savedPosition(world)).toBe("1");
    await follower.step();
    expect(idsOf(world)).toEqual(["a", "b", "c"]);
  });

  test("comes after one whose delivery failed", async () => {
    const { world, follower } = await opened(["a", "b", "c", "d"]);
    world.store.failOnce("create", /changes/, "before");
    await expect(follower.step()).rejects.toThrow("no answer");
    await follower.full();
    await follower.step();
    expect([idsOf(world), await savedPosition(world)]).toEqual([["a", "b"], "1"]);
    await follower.step();
    expect(idsOf(world)).toEqual(["a", "b", "c", "d"]);
  });

  test("has one content for each change, in whatever pieces it was read", async () => {
    const { world, follower } = await opened(["a", "b", "c"]);
    world.source.givenMax = 1;
    const other = change("b", 2) as { dynamodb: { NewImage: object } };
    other.dynamodb.NewImage = { id: { S: "b" }, other: { S: "content" } };
    world.source.records[2] = other;
    while (!(await reachedEnd(follower)));
    expect(world.store.paths("t/quarantine/same-sequence/")).toHaveLength(1);
  });
});

describe("holes", () => {
  test("are written down before the position moves over them", async () => {
    const { world, follower } = await opened(["a", "b"]);
    world.source.gaps.set(1, { reason: "trimmed", detail: "shard" });
    world.store.failOnce("replace", /position/, "before");
    await expect(follower.step()).rejects.toThrow("no answer");
    expect(await readGaps(world.store, "t")).toMatchObject([{ reason: "trimmed", foundAtSeconds: NOW }]);
    expect(world.events.map(({ kind }) => kind)).toEqual(["opened", "gap"]);
  });

  test("that cannot be written down keep the position where it is", async () => {
    const { world, follower } = await opened(["a", "b"]);
    world.source.gaps.set(1, { reason: "trimmed", detail: "shard" });
    world.store.failOnce("create", /gaps/, "before");
    await expect(follower.step()).rejects.toThrow("no answer");
    expect(await savedPosition(world)).toBeUndefined();
    await runToEnd(world);
    expect(await readGaps(world.store, "t")).toHaveLength(1);
  });

  test("between the last snapshot and a stream that is younger are found at the first start only", async () => {
    const world = worldOf(["a"]);
    world.source.createdAtSeconds = NOW - 10;
    const snapshot = {
      run: "s",
      exportTimeSeconds: NOW - 100,
      cutSeconds: NOW - 160,
      items: 1,
      segments: [],
    };
    const manifest = { ...initialManifest(1), sequence: 1, snapshots: [snapshot], floorSeconds: NOW - 220 };
    world.store.plant("t/manifest/000000000001.json", manifestText(manifest));
    await runToEnd(world);
    await runToEnd(world);
    expect(await readGaps(world.store, "t")).toMatchObject([{ reason: "started-late" }]);
  });

  test("in front of the stream's beginning can be told by whoever brings a snapshot in later", async () => {
    const { world, follower } = await opened(["a"]);
    const beginning = { stream: { arn: STREAM_ARN }, readSinceSeconds: NOW };
    expect(await readStreamBeginning(world.store, "t")).toEqual(beginning);
    expect(await savedPosition(world)).toBeUndefined();
    // The next run starts over only because this one saved no position.
    world.nowSeconds = NOW + 10;
    await openFollower(contextOf(world));
    expect(await readStreamBeginning(world.store, "t")).toMatchObject({ readSinceSeconds: NOW + 10 });
    await follower.step();
    world.nowSeconds = NOW + 20;
    await openFollower(contextOf(world));
    expect(await readStreamBeginning(world.store, "t")).toMatchObject({ readSinceSeconds: NOW + 10 });
  });
});

describe("opening", () => {
  test("begins at the stream's beginning, and later where the last run has ended", async () => {
    const { world, follower } = await opened(["a", "b", "c"]);
    await follower.step();
    await follower.close();
    await openFollower(contextOf(world));
    expect(world.source.openedFrom).toEqual([
      undefined,
      { streamArn: STREAM_ARN, shards: { shard: { after: "1", finished: false } } },
    ]);
    expect(world.events.filter(({ kind }) => kind === "opened")).toEqual([
      { kind: "opened", resumed: false },
      { kind: "opened", resumed: true },
    ]);
  });

  test.each([
    ["{", "LAKE_DAMAGED"],
    ["{}", "LAKE_DAMAGED"],
    [`{"format":${NEWEST_FORMAT + 1}}`, "LAKE_NEWER"],
  ])("does not take a position that it cannot read for none: %s", async (text, code) => {
    const world = worldOf(["a"]);
    world.store.plant("t/position.json", text);
    await expect(openFollower(contextOf(world))).rejects.toMatchObject({ code });
    expect(world.source.openedFrom).toEqual([]);
  });

  test("that fails behind the source's opening closes the source again", async () => {
    const world = worldOf(["a"]);
    world.store.plant("t/manifest/000000000001.json", "{");
    await expect(openFollower(contextOf(world))).rejects.toMatchObject({ code: "LAKE_DAMAGED" });
    expect(world.source.readers.map(({ closed }) => closed)).toEqual([true]);
  });

  test("a source that fails ends the step with its own error", async () => {
    const { world, follower } = await opened(["a"]);
    const failure = new Error("the stream is gone");
    world.source.failure = failure;
    await expect(follower.step()).rejects.toBe(failure);
  });
});

describe.each<Moment>(["before", "after"])("a crash right %s any operation of the store", (moment) => {
  test("loses no change, no rejected record and no hole, and delivers in order", async () => {
    const whole = await crashedAt(Number.POSITIVE_INFINITY, moment);
    for (let call = 0; call < whole; call++) await crashedAt(call, moment);
  });
});

/** Dies at a call of the store, runs again, and checks that nothing is missing. Returns the number of calls of one run. */
async function crashedAt(call: number, moment: Moment): Promise<number> {
  const world = worldOf(["a", "b", "c", "d", "e"]);
  world.source.records.splice(2, 0, "no record", { dynamodb: {} });
  world.source.gaps.set(3, { reason: "trimmed", detail: "first" });
  world.source.gaps.set(6, { reason: "shard-expired", detail: "second" });
  if (Number.isFinite(call)) {
    world.store.dieAt(call, moment);
    await expect(runToEnd(world)).rejects.toBeInstanceOf(Died);
    world.store.revive();
  }
  const calls = world.store.calls.length;
  await runToEnd(world);
  const made = world.store.calls.length - calls;
  expect(new Set(idsOf(world))).toEqual(new Set(["a", "b", "c", "d", "e"]));
  expect(await savedPosition(world)).toBe("6");
  const quarantined = world.store.paths("t/quarantine/").map((path) => world.store.text(path));
  expect(quarantined.join("")).toContain('"no record"');
  expect(quarantined.join("")).toContain('"unknown-operation"');
  const gaps = (await readGaps(world.store, "t")).map(({ detail }) => detail);
  expect(new Set(gaps)).toEqual(new Set(["first", "second"]));
  return made;
}

interface World {
  readonly store: MemoryStore;
  readonly source: FakeSource;
  readonly events: FollowEvent[];
  nowSeconds: number;
  runs: number;
  /** Called before each delivery. */
  hold: () => Promise<void>;
}

function worldOf(ids: readonly string[]): World {
  const parts = { store: new MemoryStore(), source: new FakeSource(), events: [], nowSeconds: NOW, runs: 0 };
  const world: World = { ...parts, hold: async () => undefined };
  world.source.records.push(...ids.map((id, i) => change(id, i + 1)));
  return world;
}

async function opened(ids: readonly string[]): Promise<{ world: World; follower: Follower }> {
  const world = worldOf(ids);
  return { world, follower: await openFollower(contextOf(world)) };
}

function contextOf(world: World): FollowContext {
  const { store, source } = world;
  const sink = storeSink(store, "t");
  return {
    store,
    source,
    sink: {
      deliver: async (rows, arrivedAtSeconds) => {
        await world.hold();
        await sink.deliver(rows, arrivedAtSeconds);
      },
    },
    writer: lineWriter(rowCodec(SCHEMA)),
    rowBytesMax: 1_000_000,
    nowSeconds: () => world.nowSeconds,
    newRunId: () => `run-${++world.runs}`,
    recordsMax: 2,
    waitMs: 0,
    onEvent: (event) => world.events.push(event),
  };
}

/** Holds the next delivery of the world's followers until it is released. */
function heldDelivery(world: World): { readonly begun: Promise<void>; readonly release: () => void } {
  let release = (): void => undefined;
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  const begun = new Promise<void>((resolve) => {
    world.hold = async () => {
      resolve();
      await released;
    };
  });
  return { begun, release };
}

async function runToEnd(world: World): Promise<void> {
  const follower = await openFollower(contextOf(world));
  while (!(await reachedEnd(follower)));
  await follower.close();
}

async function reachedEnd(follower: Follower): Promise<boolean> {
  await follower.step();
  return follower.caughtUp();
}

function idsOf(world: World): readonly unknown[] {
  return deliveredRows(world.store, "t").map(({ id }) => id);
}

async function savedPosition(world: World): Promise<string | undefined> {
  return (await readReadingState(world.store, "t"))?.position.shards.shard?.after;
}

function change(id: string, sequence: number): unknown {
  return {
    eventName: "INSERT",
    dynamodb: {
      Keys: { id: { S: id } },
      SequenceNumber: String(sequence),
      ApproximateCreationDateTime: NOW - 1,
      NewImage: { id: { S: id } },
    },
  };
}
