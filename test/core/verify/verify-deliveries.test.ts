import { expect, test } from "@jest/globals";
import { DynalakeError } from "../../../src/core/error.ts";
import { initialManifest } from "../../../src/core/format/manifest.ts";
import type { ChangeSource } from "../../../src/core/ports/change-source.ts";
import { parseSchema } from "../../../src/core/schema/schema.ts";
import { commitManifest } from "../../../src/core/table/commit-manifest.ts";
import { saveReadingState } from "../../../src/core/table/reading-state.ts";
import type { Item } from "../../../src/core/values/attribute-value.ts";
import { keyHash } from "../../../src/core/values/key.ts";
import { type StreamDeliveries, streamDeliveries } from "../../../src/core/verify/verify-deliveries.ts";
import { FakeSource, STREAM_ARN } from "../../support/fake-source.ts";
import { MemoryStore } from "../../support/memory-store.ts";

const NOW = 1_800_000_000;
const FLOOR = NOW - 1_000;
const SCHEMA = parseSchema(
  {
    table: "t",
    key: { hash: "id" },
    where: { kind: { equals: "x" } },
    attributes: { id: { type: "string" } },
  },
  "a test",
);

const hash = (id: string): string => keyHash([{ S: id }]);
const item = (id: string, note: string, kind = "x"): Item => ({
  id: { S: id },
  note: { S: note },
  kind: { S: kind },
});

function record(sequence: number, timeSeconds: number, id: string, image: Item | undefined) {
  return {
    eventName: image === undefined ? "REMOVE" : "MODIFY",
    dynamodb: {
      ApproximateCreationDateTime: timeSeconds,
      SequenceNumber: String(sequence),
      Keys: { id: { S: id } },
      ...(image === undefined ? {} : { NewImage: image }),
    },
  };
}

interface World {
  readonly store: MemoryStore;
  readonly source: FakeSource;
  clockSeconds: number;
}

async function world(records: readonly unknown[]): Promise<World> {
  const store = new MemoryStore();
  const manifest = {
    ...initialManifest(1),
    sequence: 1,
    run: "r",
    floorSeconds: FLOOR,
    horizonSeconds: FLOOR,
  };
  await commitManifest(store, "t", manifest);
  const source = new FakeSource();
  source.records.push(...records);
  return { store, source, clockSeconds: NOW };
}

function deliveriesOf(own: World, more: Partial<StreamDeliveries> = {}) {
  return streamDeliveries({
    store: own.store,
    schema: SCHEMA,
    stream: own.source,
    nowSeconds: () => own.clockSeconds,
    serviceNowSeconds: () => own.clockSeconds,
    marginSeconds: 5,
    readSeconds: 30,
    ...more,
  });
}

async function savePosition(store: MemoryStore, after: number, savedAtSeconds: number): Promise<void> {
  const shards = { shard: { after: String(after), finished: false } };
  const position = { streamArn: STREAM_ARN, shards };
  await saveReadingState(store, "t", {
    position,
    savedAtSeconds,
    caughtUpAtSeconds: undefined,
    newestChangeSeconds: undefined,
  });
}

test("the newest change of each key that is asked for is told, by its sequence, from the saved position on", async () => {
  const own = await world([
    record(1, NOW - 60, "a", item("a", "delivered before")),
    record(4, NOW - 50, "a", item("a", "newest")),
    record(3, NOW - 40, "a", item("a", "its clock runs backwards")),
    record(5, NOW - 30, "b", undefined),
    record(6, NOW - 20, "other", item("other", "not asked for")),
    record(7, NOW - 10, "c", item("c", "left the table", "y")),
    "no record",
  ]);
  await savePosition(own.store, 0, NOW - 100);
  const mark = await deliveriesOf(own).mark();
  expect(mark.moving).toBe(false);
  const changes = await mark.changesOf(new Set(["a", "b", "c", "d"].map(hash)));
  expect(changes).toEqual(
    new Map([
      [hash("a"), item("a", "newest")],
      [hash("b"), undefined],
      [hash("c"), undefined],
    ]),
  );
  expect(own.source.openedFrom).toMatchObject([{ shards: { shard: { after: "0" } } }]);
  expect(own.source.readers.every(({ closed }) => closed)).toBe(true);
});

test("changes that are older than the snapshot do not count, unless their key has a younger one", async () => {
  const own = await world([
    record(1, FLOOR - 200, "old", item("old", "much older")),
    record(2, FLOOR - 60, "old", item("old", "a little older")),
    record(3, FLOOR, "young", item("young", "the first that counts")),
    record(4, FLOOR - 60, "young", item("young", "newer, by a clock that runs behind")),
  ]);
  const changes = await (await deliveriesOf(own).mark()).changesOf(new Set([hash("old"), hash("young")]));
  expect(changes).toEqual(new Map([[hash("young"), item("young", "newer, by a clock that runs behind")]]));
});

test("whoever saved the position a moment ago is moving", async () => {
  const own = await world([]);
  await savePosition(own.store, 0, NOW - 6);
  expect((await deliveriesOf(own).mark()).moving).toBe(true);
});

/** A stream that always has one more record, each written some seconds after the previous one. */
function endless(own: World, reachedSeconds: (batch: number) => number | undefined): ChangeSource {
  return {
    open: async () => {
      let batch = 0;
      return {
        stream: { arn: STREAM_ARN },
        next: async () => {
          own.clockSeconds += 1;
          batch++;
          const reached = reachedSeconds(batch);
          return {
            records: [record(batch, NOW, "a", item("a", String(batch)))],
            position: { streamArn: STREAM_ARN, shards: {} },
            gaps: [],
            caughtUp: false,
            ...(reached === undefined ? {} : { reachedSeconds: reached }),
          };
        },
        close: async () => undefined,
      };
    },
  };
}

test("a stream that is never idle is read until it has passed the time of the question, and a margin", async () => {
  const own = await world([]);
  const stream = endless(own, (batch) => NOW + batch);
  const changes = await (await deliveriesOf(own, { stream }).mark()).changesOf(new Set([hash("a")]));
  expect(changes).toEqual(new Map([[hash("a"), item("a", "5")]]));
});

test("a stream that does not get there in time leaves it unknown", async () => {
  const own = await world([]);
  for (const reached of [() => NOW, () => undefined]) {
    const mark = await deliveriesOf(own, { stream: endless(own, reached) }).mark();
    expect(await mark.changesOf(new Set([hash("a")]))).toBe("unknown");
  }
});

test("a table without a stream has nothing under way; other failures are told", async () => {
  const own = await world([]);
  const failing = (code: "STREAM_UNUSABLE" | "CREDENTIALS"): ChangeSource => ({
    open: async () => {
      throw new DynalakeError(code, "refused");
    },
  });
  const ask = async (stream: ChangeSource) =>
    (await deliveriesOf(own, { stream }).mark()).changesOf(new Set());
  expect(await ask(failing("STREAM_UNUSABLE"))).toEqual(new Map());
  await expect(ask(failing("CREDENTIALS"))).rejects.toMatchObject({ code: "CREDENTIALS" });
});
