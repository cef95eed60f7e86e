import { describe, expect, test } from "@jest/globals";
import { deliverStream } from "../../src/aws/stream-delivery.ts";
import { type ChangeSink, UndeliveredRows } from "../../src/core/ports/change-sink.ts";
import { rowCodec } from "../../src/core/row/row.ts";
import { lineWriter } from "../../src/core/row/wire-line.ts";
import { parseSchema } from "../../src/core/schema/schema.ts";
import { MemoryStore } from "../support/memory-store.ts";
import { deliveredRows, storeSink } from "../support/store-sink.ts";

const SCHEMA = parseSchema(
  { table: "t", key: { hash: "id" }, attributes: { id: { type: "string" } } },
  "a test",
);

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

function contextOf(store: MemoryStore, sink: ChangeSink = storeSink(store, "t")) {
  return { store, sink, writer: lineWriter(rowCodec(SCHEMA)), nowSeconds: () => 1_800_000_010 };
}

const failingFrom = (index: number): ChangeSink => ({
  deliver: () => Promise.reject(new UndeliveredRows(index, "Firehose is busy")),
});

describe("a batch of the stream", () => {
  test("is delivered, and what can never be delivered is put into quarantine beside it", async () => {
    const store = new MemoryStore();
    const answer = await deliverStream(contextOf(store), { Records: [record("a", 1), {}, record("b", 2)] });
    expect(answer).toMatchObject({ delivery: { rows: 2 }, failedFrom: undefined });
    expect(answer.delivery?.quarantined).toHaveLength(1);
    expect(deliveredRows(store, "t").map(({ id }) => id)).toEqual(["a", "b"]);
  });

  test("that Firehose took in part is given again from its first record that was not taken", async () => {
    const store = new MemoryStore();
    const event = { Records: [{}, record("a", 11), {}, record("b", 12), record("c", 13)] };
    const answer = await deliverStream(contextOf(store, failingFrom(1)), event);
    expect(answer).toEqual({ delivery: undefined, failedFrom: "12" });
    // Records before it are not delivered again.
    expect(store.paths().filter((path) => path.startsWith("t/quarantine/"))).toHaveLength(1);
  });

  test("fails as a whole where the record that was not taken has no number by which Lambda could know it", async () => {
    const numbered = record("a", 11) as { readonly dynamodb: object };
    const unnamed = { ...numbered, dynamodb: { ...numbered.dynamodb, SequenceNumber: 11 } };
    const delivering = deliverStream(contextOf(new MemoryStore(), failingFrom(0)), { Records: [unnamed] });
    await expect(delivering).rejects.toThrow("Firehose is busy");
  });

  test("fails as a whole where the sink does not tell how far it came", async () => {
    const sink: ChangeSink = { deliver: () => Promise.reject(new Error("no answer")) };
    const event = { Records: [record("a", 1)] };
    await expect(deliverStream(contextOf(new MemoryStore(), sink), event)).rejects.toThrow("no answer");
  });
});
