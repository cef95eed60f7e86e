/** Rows that are kept between the reading of recordings and their delivery are those that another reading gives. */
import { expect, test } from "@jest/globals";
import { addUndeliverable, HeldChanges } from "../../../src/core/delivery/held-changes.ts";
import { KeptRows } from "../../../src/core/delivery/kept-rows.ts";
import {
  foreseenReplay,
  type Recording,
  recordBatches,
  recordingOf,
  replayRecording,
} from "../../../src/core/delivery/recording.ts";
import { rowCodec } from "../../../src/core/row/row.ts";
import { lineWriter } from "../../../src/core/row/wire-line.ts";
import { parseSchema } from "../../../src/core/schema/schema.ts";
import { MemoryStore } from "../../support/memory-store.ts";
import { deliveredRows, storeSink } from "../../support/store-sink.ts";

const NOW = 1_800_000_000;
const SCHEMA = parseSchema(
  { table: "t", key: { hash: "id" }, attributes: { id: { type: "string" } } },
  "a test",
);
const record = (place: number) => ({
  eventName: "INSERT",
  dynamodb: {
    ApproximateCreationDateTime: NOW - place,
    Keys: { id: { S: `${place}` } },
    NewImage: { id: { S: `${place}` }, more: { N: `${place}` } },
    SequenceNumber: `${place + 1}`,
  },
});
/** More than one batch; every thousandth record says nothing. */
const RECORDING = recordingOf(
  "a file",
  new TextEncoder().encode(
    Array.from({ length: 10_010 }, (_, i) => JSON.stringify(i % 1_000 === 999 ? { dynamodb: {} } : record(i)))
      .map((line) => `${line}\n`)
      .join(""),
  ),
);

function harness() {
  const store = new MemoryStore();
  let read = 0;
  const context = {
    store,
    sink: storeSink(store, "t"),
    writer: lineWriter(rowCodec(SCHEMA)),
    rowBytesMax: 100_000,
    nowSeconds: () => NOW,
    onProgress: () => undefined,
    otherSourceOf: () => {
      read++;
      return undefined;
    },
  };
  const keep = (recording: Recording, kept: KeptRows): KeptRows => {
    for (const [i, records] of recordBatches(recording).entries()) {
      const batch = { records, source: recording.name, arrivedAtSeconds: NOW };
      kept.keep(recording.records, i, addUndeliverable(new HeldChanges(SCHEMA.key), context, batch));
    }
    return kept;
  };
  const replay = async (kept?: KeptRows) => {
    const { totals } = await replayRecording(context, RECORDING, kept);
    return { totals, rows: deliveredRows(store, "t"), read };
  };
  return { context, keep, replay, read: () => read };
}

test("a replay delivers kept rows as those that it reads, and reads no record again", async () => {
  const plain = await harness().replay();
  const { keep, replay } = harness();
  const kept = await replay(keep(RECORDING, new KeptRows()));
  expect(kept).toEqual({ ...plain, read: 10_010 });
  expect(kept.totals).toMatchObject({ rows: 10_000, quarantined: 10 });
});

test("batches beyond the limit are read again", async () => {
  const plain = await harness().replay();
  const { keep, replay } = harness();
  const kept = await replay(keep(RECORDING, new KeptRows(10_000)));
  // The second batch alone is small enough.
  expect(kept).toEqual({ ...plain, read: 20_010 });
});

test("kept rows are taken once, and are those of their own recording", () => {
  const { context, keep, read } = harness();
  const kept = keep(RECORDING, new KeptRows());
  expect(kept.take([...RECORDING.records], 0)).toBeUndefined();
  const foreseen = foreseenReplay(context, RECORDING, kept);
  expect(foreseen).toMatchObject({ rows: 10_000, quarantined: 10 });
  expect(read()).toBe(10_010);
  expect(kept.take(RECORDING.records, 0)).toBeUndefined();
});
