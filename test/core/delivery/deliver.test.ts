import { describe, expect, test } from "@jest/globals";
import { type Delivery, deliver } from "../../../src/core/delivery/deliver.ts";
import { readRecordedEvents } from "../../../src/core/delivery/recorded-events.ts";
import { UndeliveredRows } from "../../../src/core/ports/change-sink.ts";
import { rowCodec } from "../../../src/core/row/row.ts";
import { lineWriter } from "../../../src/core/row/wire-line.ts";
import { parseSchema, type Schema, type SchemaFile } from "../../../src/core/schema/schema.ts";
import * as fc from "../../support/fast-check.ts";
import { MemoryStore } from "../../support/memory-store.ts";
import { deliveredRows, storeSink } from "../../support/store-sink.ts";

const NOW = 1_800_000_000;
const file: SchemaFile = { table: "t", key: { hash: "id" }, attributes: { id: { type: "string" } } };
const SCHEMA = parseSchema(file, "a test");

describe("what becomes of a record", () => {
  test("a change becomes a row of the change log, in the order of the batch", async () => {
    const store = new MemoryStore();
    const delivery = await deliverTo(
      store,
      ["b", "a", "c"].map((id, i) => change(id, 10 - i)),
    );
    expect(delivery).toEqual({
      rows: 3,
      quarantined: [],
      quarantineObjects: [],
      skipped: 0,
      newestChangeSeconds: NOW - 5,
      oldestChangeSeconds: expect.any(Number),
    });
    expect(deliveredRows(store, "t").map(({ id }) => id)).toEqual(["b", "a", "c"]);
  });

  test("a record as text gives the same row as the record parsed", async () => {
    const store = new MemoryStore();
    await deliverTo(store, [change("a", 1), JSON.stringify(change("a", 1))]);
    const [parsed, text] = deliveredRows(store, "t");
    expect(text).toEqual(parsed);
  });

  test("one that is no change goes to quarantine with its reason and its own text, and takes no neighbour with it", async () => {
    const store = new MemoryStore();
    const broken = ["{", { eventName: "MODIFY", dynamodb: {} }, null, 5, '{"a":1,"a":2}'];
    const delivery = await deliverTo(store, [change("a", 1), ...broken, change("b", 2)]);
    expect(delivery).toMatchObject({ rows: 2, skipped: 0 });
    expect(delivery.quarantined.map(({ reason, raw }) => [reason, raw])).toEqual([
      ["not-json", "{"],
      ["no-sequence-number", '{"eventName":"MODIFY","dynamodb":{}}'],
      ["not-a-record", "null"],
      ["not-a-record", "5"],
      ["duplicate-member", '{"a":1,"a":2}'],
    ]);
    const kept = delivery.quarantineObjects.map((path) => store.text(path));
    expect(kept.join("").split("\n")).toHaveLength(broken.length + 1);
    expect(JSON.parse(kept[0]?.split("\n")[0] ?? "")).toEqual({
      quarantine: 1,
      reason: "not-json",
      detail: expect.any(String),
      source: "a test",
      arrivedAtSeconds: NOW,
      raw: "{",
    });
  });

  test("a row that is larger than the delivery can take goes to quarantine", async () => {
    const store = new MemoryStore();
    const large = change("é".repeat(600), 1);
    expect(await deliverTo(store, [change("a", 1), large], { rowBytesMax: 1000 })).toMatchObject({
      rows: 1,
      quarantined: [{ reason: "too-large", raw: JSON.stringify(large) }],
    });
  });

  test("one of another table is skipped, one that leaves the table removes its item", async () => {
    const store = new MemoryStore();
    const schema = parseSchema({ ...file, where: { kind: { equals: "book" } } }, "a test");
    const of = (id: string, kind: string, before: string): unknown => {
      const image = (value: string): unknown => ({ id: { S: id }, kind: { S: value } });
      return change(id, 1, { NewImage: image(kind), OldImage: image(before) });
    };
    const records = [of("a", "book", "book"), of("b", "shelf", "shelf"), of("c", "shelf", "book")];
    expect(await deliverTo(store, records, { schema })).toMatchObject({ rows: 2, skipped: 1 });
    expect(deliveredRows(store, "t").map(({ id, _op }) => [id, _op])).toEqual([
      ["a", "MODIFY"],
      ["c", "REMOVE"],
    ]);
  });

  test("an empty batch writes nothing", async () => {
    const store = new MemoryStore();
    expect(await deliverTo(store, [])).toMatchObject({ rows: 0, newestChangeSeconds: undefined });
    expect(store.calls).toEqual([]);
  });

  test("every record is a row, in quarantine or skipped: none is dropped", async () => {
    const records = fc.array(
      fc.oneof(
        fc.string().map((id) => change(id, 1)),
        fc
          .anything({ withNullPrototype: false, maxDepth: 2 })
          .map((value) => JSON.parse(JSON.stringify(value) ?? "0")),
        fc.string(),
      ),
      { maxLength: 10 },
    );
    await fc.assert(
      fc.asyncProperty(records, async (batch) => {
        const store = new MemoryStore();
        const { rows, quarantined, skipped, quarantineObjects } = await deliverTo(store, batch);
        expect(rows + quarantined.length + skipped).toBe(batch.length);
        expect(deliveredRows(store, "t")).toHaveLength(rows);
        const raws = quarantineObjects.flatMap((path) => readRecordedEvents(store.text(path) ?? "", path));
        expect([...raws].sort()).toEqual(quarantined.map(({ raw }) => raw).sort());
      }),
    );
  });
});

describe("when something fails", () => {
  test("the sink's failure is thrown, and the records can be delivered again", async () => {
    const store = new MemoryStore();
    const failure = new Error("no space");
    store.failOnce("create", /changes/, "before", failure);
    const batch = [change("a", 1), "{"];
    await expect(deliverTo(store, batch)).rejects.toBe(failure);
    expect(store.paths().map((path) => path.split("/")[1])).toEqual(["quarantine"]);
    await deliverTo(store, batch);
    expect(store.paths()).toHaveLength(2);
  });

  test("a sink that failed from some row on is told as the index of that row's record", async () => {
    const store = new MemoryStore();
    const context = {
      store,
      sink: { deliver: () => Promise.reject(new UndeliveredRows(1, "full")) },
      writer: lineWriter(rowCodec(SCHEMA)),
      rowBytesMax: 1000,
    };
    const batch = {
      records: ["{", change("a", 1), "{", change("b", 1)],
      source: "a test",
      arrivedAtSeconds: 1,
    };
    await expect(deliver(context, batch)).rejects.toMatchObject({ code: "DELIVERY_FAILED", firstIndex: 3 });
    expect(store.paths().map((path) => path.split("/")[1])).toEqual(["quarantine"]);
  });

  test("a quarantine that fails is thrown: a record is never reported as kept that is not", async () => {
    const store = new MemoryStore();
    store.failOnce("create", /quarantine/, "before");
    await expect(deliverTo(store, [change("a", 1), "{"])).rejects.toThrow("no answer");
  });

  test("records in quarantine are kept once, however often they come", async () => {
    const store = new MemoryStore();
    store.failOnce("create", /quarantine/, "after");
    await expect(deliverTo(store, ["{", "["])).rejects.toThrow("no answer");
    await deliverTo(store, ["{", "["]);
    const { quarantineObjects } = await deliverTo(store, ["{", "["]);
    expect(store.paths("t/quarantine/")).toEqual(quarantineObjects);
  });

  test("a bug is thrown and not taken for a record's fault", async () => {
    let reads = 0;
    const record = {
      get eventName(): string {
        reads++;
        if (reads === 1) throw new TypeError("a bug");
        return "INSERT";
      },
      dynamodb: {},
    };
    await expect(deliverTo(new MemoryStore(), [record])).rejects.toThrow("a bug");
  });
});

function deliverTo(
  store: MemoryStore,
  records: readonly unknown[],
  options: { readonly schema?: Schema; readonly rowBytesMax?: number } = {},
): Promise<Delivery> {
  const { schema = SCHEMA, rowBytesMax = 1_000_000 } = options;
  return deliver(
    { store, sink: storeSink(store, "t"), writer: lineWriter(rowCodec(schema)), rowBytesMax },
    { records, source: "a test", arrivedAtSeconds: NOW },
  );
}

function change(id: string, sequence: number, images: Readonly<Record<string, unknown>> = {}): unknown {
  return {
    eventName: "MODIFY",
    dynamodb: {
      Keys: { id: { S: id } },
      SequenceNumber: String(sequence),
      ApproximateCreationDateTime: NOW - 5,
      NewImage: { id: { S: id } },
      ...images,
    },
  };
}

test("two records that claim one place in an item's order with different contents contradict each other", async () => {
  const record = (value: string): unknown => ({
    eventName: "MODIFY",
    dynamodb: {
      Keys: { id: { S: "k" } },
      NewImage: { id: { S: "k" }, V: { S: value } },
      SequenceNumber: "7",
      ApproximateCreationDateTime: NOW,
    },
  });
  const store = new MemoryStore();
  const delivery = await deliverTo(store, [record("a"), record("a"), record("b")]);
  expect(delivery.rows).toBe(2);
  expect(delivery.quarantined.map(({ reason }) => reason)).toEqual(["same-sequence"]);
});
