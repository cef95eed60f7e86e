import { describe, expect, test } from "@jest/globals";
import { readChange } from "../../../src/core/change/change.ts";
import { feedWaiting } from "../../../src/core/delivery/feed-waiting.ts";
import { keepRecords, keepRows } from "../../../src/core/delivery/waiting-changes.ts";
import { type ChangeSink, UndeliveredRows } from "../../../src/core/ports/change-sink.ts";
import { FIREHOSE_LIMITS } from "../../../src/core/row/pack-lines.ts";
import { rowCodec } from "../../../src/core/row/row.ts";
import { changeLine, lineWriter } from "../../../src/core/row/wire-line.ts";
import { parseSchema } from "../../../src/core/schema/schema.ts";
import { waitingPaths } from "../../../src/core/table/waiting-paths.ts";
import { MemoryStore } from "../../support/memory-store.ts";
import { deliveredRows, storeSink } from "../../support/store-sink.ts";

const SCHEMA = parseSchema(
  { table: "t", key: { hash: "id" }, attributes: { id: { type: "string" }, Mail: { mask: "sha256" } } },
  "a test",
);
const NOW = 1_800_000_000;
const writer = lineWriter(rowCodec(SCHEMA, new TextEncoder().encode("a long secret")));

const record = (id: string, sequence: number) => ({
  eventName: "INSERT",
  dynamodb: {
    Keys: { id: { S: id } },
    NewImage: { id: { S: id }, Mail: { S: `${id}@example.com` } },
    SequenceNumber: String(sequence),
    ApproximateCreationDateTime: NOW,
  },
});

function rowsOf(...records: readonly ReturnType<typeof record>[]) {
  return records.map((one) => {
    const change = readChange(one, SCHEMA, NOW);
    return { line: changeLine(writer, change), changedAtSeconds: NOW };
  });
}

function feed(store: MemoryStore, sink: ChangeSink = storeSink(store, "t"), clock: () => number = () => NOW) {
  const context = { store, sink, writer, rowBytesMax: FIREHOSE_LIMITS.recordBytesMax };
  return feedWaiting(store, "t", context, { nowSeconds: clock, secondsMax: 60 });
}

describe("what waits for a table", () => {
  test("is delivered, rows as they were masked and records as they came, and is gone then", async () => {
    const store = new MemoryStore();
    await keepRows(store, "t", rowsOf(record("a", 1), record("b", 2)));
    await keepRecords(store, "t", [record("c", 3), {}]);
    for (const path of await waitingPaths(store, "t"))
      expect(store.text(path)?.includes("@example.com")).toBe(path.includes("/records/"));
    expect(await feed(store)).toEqual({ rows: 3, objects: 2, failed: [] });
    const rows = deliveredRows(store, "t");
    expect(rows.map(({ id }) => id).sort()).toEqual(["a", "b", "c"]);
    for (const { mail } of rows) expect(mail).toMatch(/^[0-9a-f]{64}$/);
    expect(await waitingPaths(store, "t")).toEqual([]);
    // A record that has no key is in quarantine.
    expect(store.paths("t/quarantine/")).toHaveLength(1);
  });

  test("stays if it cannot be delivered", async () => {
    const store = new MemoryStore();
    await keepRows(store, "t", rowsOf(record("a", 1)));
    const sink = { deliver: () => Promise.reject(new UndeliveredRows(0, "Firehose is busy")) };
    const [path] = await waitingPaths(store, "t");
    const failed = [{ path, code: "DELIVERY_FAILED", message: "Firehose is busy" }];
    expect(await feed(store, sink)).toEqual({ rows: 0, objects: 0, failed });
    expect(await waitingPaths(store, "t")).toEqual([path]);
  });

  /** Takes all rows but those of some items. */
  function refusing(store: MemoryStore, ...ids: readonly string[]): ChangeSink {
    const taking = storeSink(store, "t");
    return {
      deliver: async (rows, arrivedAtSeconds) => {
        const texts = rows.map(({ line }) => new TextDecoder().decode(line.content));
        if (ids.some((id) => texts.some((text) => text.includes(`"${id}"`))))
          throw new UndeliveredRows(0, "Firehose refused a row");
        await taking.deliver(rows, arrivedAtSeconds);
      },
    };
  }

  test("behind an object that always fails is delivered all the same", async () => {
    const store = new MemoryStore();
    const ids = ["a", "b", "c", "d"];
    for (const id of ids) await keepRows(store, "t", rowsOf(record(id, 1)));
    expect(await feed(store, refusing(store, "b", "c"))).toMatchObject({
      objects: 2,
      failed: [{ message: "Firehose refused a row" }, { message: "Firehose refused a row" }],
    });
    expect(
      deliveredRows(store, "t")
        .map(({ id }) => id)
        .sort(),
    ).toEqual(["a", "d"]);
    expect(await feed(store)).toMatchObject({ objects: 2, failed: [] });
  });

  const four = ["a", "b", "c", "d"];
  test.each(four)(
    "is not held up for ever by failures that use up the time of each feed: %s",
    async (good) => {
      const store = new MemoryStore();
      for (const id of four) await keepRows(store, "t", rowsOf(record(id, 1)));
      const sink = refusing(store, ...four.filter((id) => id !== good));
      for (let tick = 0; tick < 40; tick++) {
        let calls = 0;
        // One object a feed.
        await feed(store, sink, () => NOW + tick * 60 + calls++ * 20);
      }
      expect(deliveredRows(store, "t").map(({ id }) => id)).toEqual([good]);
      expect(await waitingPaths(store, "t")).toHaveLength(3);
    },
  );

  test("is left for the next time where one object after the other fails", async () => {
    const store = new MemoryStore();
    for (let i = 0; i < 30; i++) await keepRows(store, "t", rowsOf(record(`a${i}`, 1)));
    const sink = { deliver: () => Promise.reject(new UndeliveredRows(0, "Firehose is busy")) };
    expect((await feed(store, sink)).failed).toHaveLength(20);
    expect(await waitingPaths(store, "t")).toHaveLength(30);
  });

  test("is delivered as far as there is time, and the rest later", async () => {
    const store = new MemoryStore();
    for (const id of ["a", "b", "c"]) await keepRows(store, "t", rowsOf(record(id, 1)));
    let nowSeconds = NOW;
    expect(
      await feed(store, storeSink(store, "t"), () => {
        nowSeconds += 20;
        return nowSeconds;
      }),
    ).toMatchObject({ objects: 1 });
    expect(await feed(store)).toMatchObject({ objects: 2 });
  });

  test("of no table is nothing to do", async () => {
    expect(await feed(new MemoryStore())).toEqual({ rows: 0, objects: 0, failed: [] });
  });
});
