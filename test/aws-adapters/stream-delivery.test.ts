import { describe, expect, test } from "@jest/globals";
import { deliverStream } from "../../src/aws/stream-delivery.ts";
import type { ServedTable } from "../../src/core/delivery/deliver-to-tables.ts";
import { DynalakeError } from "../../src/core/error.ts";
import { type ChangeSink, UndeliveredRows } from "../../src/core/ports/change-sink.ts";
import { FIREHOSE_LIMITS } from "../../src/core/row/pack-lines.ts";
import { rowCodec } from "../../src/core/row/row.ts";
import { lineWriter } from "../../src/core/row/wire-line.ts";
import { parseSchema } from "../../src/core/schema/schema.ts";
import { MemoryStore } from "../support/memory-store.ts";
import { deliveredRows, storeSink } from "../support/store-sink.ts";

const schemaOf = (table: string) =>
  parseSchema({ table, key: { hash: "id" }, attributes: { id: { type: "string" } } }, "a test");

function record(id: string, sequence: number): unknown {
  return {
    eventName: "INSERT",
    eventSourceARN: "arn:aws:dynamodb:eu-west-1:1:table/T/stream/S",
    dynamodb: {
      Keys: { id: { S: id } },
      NewImage: { id: { S: id } },
      SequenceNumber: String(sequence),
      ApproximateCreationDateTime: 1_800_000_000,
    },
  };
}

function served(store: MemoryStore, table: string, sink: ChangeSink = storeSink(store, table)): ServedTable {
  const writer = lineWriter(rowCodec(schemaOf(table)));
  const context = { store, sink, writer, rowBytesMax: FIREHOSE_LIMITS.recordBytesMax };
  return { table, open: () => Promise.resolve(context) };
}

const unopened = (table: string): ServedTable => ({
  table,
  open: () => Promise.reject(new DynalakeError("SCHEMA_INVALID", "columns are missing")),
});

function contextOf(store: MemoryStore, ...tables: readonly ServedTable[]) {
  return { store, tables, nowSeconds: () => 1_800_000_010 };
}

const failingFrom = (index: number): ChangeSink => ({
  deliver: () => Promise.reject(new UndeliveredRows(index, "Firehose is busy")),
});

/** Nothing that waits can be kept. */
function storeWithoutWaiting(): MemoryStore {
  const store = new MemoryStore();
  const { create } = store;
  store.create = (path, content) =>
    path.includes("/waiting/") ? Promise.reject(new Error("S3 is down")) : create.call(store, path, content);
  return store;
}

const waitingLines = (store: MemoryStore, folder: string): readonly string[] =>
  store.paths(folder).flatMap((path) => (store.text(path) ?? "").trimEnd().split("\n"));

describe("a batch of the stream", () => {
  test("is delivered to every table, and what can never be delivered is put into quarantine beside it", async () => {
    const store = new MemoryStore();
    const context = contextOf(store, served(store, "t"), served(store, "u"));
    const answer = await deliverStream(context, { Records: [record("a", 1), {}, record("b", 2)] });
    expect(answer.failedFrom).toBeUndefined();
    for (const table of ["t", "u"]) {
      expect(answer.delivery.tables).toContainEqual(
        expect.objectContaining({
          table,
          waiting: undefined,
          delivery: expect.objectContaining({ rows: 2 }),
        }),
      );
      expect(deliveredRows(store, table).map(({ id }) => id)).toEqual(["a", "b"]);
      expect(store.paths(`${table}/quarantine/`)).toHaveLength(1);
    }
  });

  test("that Firehose took in part waits from its first row that was not taken, and is done", async () => {
    const store = new MemoryStore();
    const context = contextOf(store, served(store, "t", failingFrom(1)), served(store, "u"));
    const event = { Records: [{}, record("a", 11), {}, record("b", 12), record("c", 13)] };
    const { delivery, failedFrom } = await deliverStream(context, event);
    expect(failedFrom).toBeUndefined();
    expect(delivery.tables[0]).toMatchObject({ waiting: { count: 2, code: "DELIVERY_FAILED" } });
    const rows = waitingLines(store, "t/waiting/rows/").map((line) => JSON.parse(line));
    expect(rows.map(({ id }) => id)).toEqual(["b", "c"]);
    expect(store.paths("u/waiting/")).toEqual([]);
    expect(deliveredRows(store, "u").map(({ id }) => id)).toEqual(["a", "b", "c"]);
  });

  test("waits as it came for a table of which no row can be made, and the others get it", async () => {
    const store = new MemoryStore();
    const records = [record("a", 11), record("b", 12)];
    const context = contextOf(store, unopened("t"), served(store, "u"));
    const { delivery, failedFrom } = await deliverStream(context, { Records: records });
    expect(failedFrom).toBeUndefined();
    expect(delivery.tables[0]).toEqual({
      table: "t",
      delivery: undefined,
      waiting: { count: 2, code: "SCHEMA_INVALID", message: "columns are missing" },
    });
    expect(waitingLines(store, "t/waiting/records/").map((line) => JSON.parse(line))).toEqual(records);
    expect(deliveredRows(store, "u")).toHaveLength(2);
  });

  test("that comes again waits once", async () => {
    const store = new MemoryStore();
    const context = contextOf(store, served(store, "t", failingFrom(0)), unopened("u"));
    for (let i = 0; i < 2; i++) await deliverStream(context, { Records: [record("a", 11)] });
    expect(store.paths("t/waiting/")).toHaveLength(1);
    expect(store.paths("u/waiting/")).toHaveLength(1);
  });

  test("is given again from the lowest record of a table that can neither deliver nor keep it", async () => {
    const store = storeWithoutWaiting();
    const event = { Records: [{}, record("a", 11), {}, record("b", 12), record("c", 13)] };
    const tables = [
      served(store, "t", failingFrom(2)),
      served(store, "u", failingFrom(1)),
      served(store, "v"),
    ];
    expect((await deliverStream(contextOf(store, ...tables), event)).failedFrom).toBe("12");
    expect(deliveredRows(store, "v")).toHaveLength(3);
  });

  test("is given again from its first record if the records of a table cannot be kept", async () => {
    const store = storeWithoutWaiting();
    const event = { Records: [record("a", 11), record("b", 12)] };
    expect((await deliverStream(contextOf(store, unopened("t")), event)).failedFrom).toBe("11");
  });

  test("fails as a whole where the record that was not taken has no number by which Lambda could know it", async () => {
    const numbered = record("a", 11) as { readonly dynamodb: object };
    const unnamed = { ...numbered, dynamodb: { ...numbered.dynamodb, SequenceNumber: 11 } };
    const store = storeWithoutWaiting();
    const delivering = deliverStream(contextOf(store, served(store, "t", failingFrom(0))), {
      Records: [unnamed],
    });
    await expect(delivering).rejects.toMatchObject({ code: "DELIVERY_FAILED" });
  });

  test("waits whole where the sink does not tell how far it came", async () => {
    const store = new MemoryStore();
    const sink: ChangeSink = { deliver: () => Promise.reject(new Error("a value of an item")) };
    const event = { Records: [record("a", 1)] };
    const { delivery } = await deliverStream(contextOf(store, served(store, "t", sink)), event);
    // An error that is not ours may quote what it was given.
    expect(delivery.tables[0]?.waiting).toEqual({ count: 1, code: "INTERNAL", message: "Error" });
    expect(store.paths("t/waiting/rows/")).toHaveLength(1);
  });
});
