import { describe, expect, test } from "@jest/globals";
import type { RejectionReason } from "../../../src/core/change/change.ts";
import { deliver } from "../../../src/core/delivery/deliver.ts";
import { type Recorded, readRecordedEvents } from "../../../src/core/delivery/recorded-events.ts";
import { WireRowText } from "../../../src/core/row/returned-row.ts";
import { rowCodec } from "../../../src/core/row/row.ts";
import { lineWriter } from "../../../src/core/row/wire-line.ts";
import { parseSchema } from "../../../src/core/schema/schema.ts";
import { keyHash } from "../../../src/core/values/key.ts";
import { MemoryStore } from "../../support/memory-store.ts";
import { deliveredRows, storeSink } from "../../support/store-sink.ts";

const NOW = 1_800_000_000;

type Json = Readonly<Record<string, unknown>>;

interface Deployed {
  /** The hash key. Default: id. */
  readonly key?: string;
  readonly rowBytesMax?: number;
  readonly partial?: boolean;
}

interface Case {
  /** The rejected record, parsed or as text. */
  readonly record: Json | string | WireRowText;
  /** If the lake was wrong and not the record: the corrected deployment. */
  readonly repairedBy?: Deployed;
  /** If the record is wrong: a person's correction of its text. */
  readonly edit?: (raw: string) => string;
}

function change(body: Json, envelope: Json = {}): Json {
  return {
    eventName: "MODIFY",
    ...envelope,
    dynamodb: {
      Keys: { id: { S: "bad" } },
      NewImage: { id: { S: "bad" }, other: { S: "value" } },
      SequenceNumber: "20",
      ApproximateCreationDateTime: NOW - 5,
      ...body,
    },
  };
}

const replaced = (from: string | RegExp, to: string) => (raw: string) => raw.replace(from, to);
const whole = JSON.stringify(change({}));

/** Omitting a reason here does not compile. */
const cases: Readonly<Record<RejectionReason, Case>> = {
  "not-json": { record: whole.slice(0, -1), edit: (raw) => `${raw}}` },
  "duplicate-member": {
    record: whole.replace('"SequenceNumber"', '"SequenceNumber":"21","SequenceNumber"'),
    edit: replaced('"SequenceNumber":"21",', ""),
  },
  "not-a-record": { record: { Item: { id: { S: "bad" } } }, edit: () => whole },
  "unknown-operation": {
    record: change({}, { eventName: "UPSERT" }),
    edit: replaced("UPSERT", "MODIFY"),
  },
  "no-sequence-number": {
    record: change({ SequenceNumber: "next" }),
    edit: replaced('"next"', '"20"'),
  },
  "unreadable-time": {
    record: change({ ApproximateCreationDateTime: "2026-02-30T00:00:00Z" }),
    edit: replaced("02-30", "02-28"),
  },
  "no-new-image": {
    record: change({ NewImage: undefined, StreamViewType: "KEYS_ONLY" }),
    edit: () => whole,
  },
  "unexpected-new-image": {
    record: change({}, { eventName: "REMOVE" }),
    edit: replaced("REMOVE", "MODIFY"),
  },
  "no-key": {
    record: change({ Keys: undefined, NewImage: { code: { S: "bad" } } }),
    repairedBy: { key: "code" },
  },
  "other-key-schema": {
    record: change({ Keys: { code: { S: "bad" } }, NewImage: { code: { S: "bad" } } }),
    repairedBy: { key: "code" },
  },
  "key-mismatch": {
    record: change({ Keys: { id: { S: "good" } } }),
    edit: replaced('"good"', '"bad"'),
  },
  "unreadable-value": {
    record: change({ NewImage: { id: { S: "bad" }, count: { N: "many" } } }),
    edit: replaced('"many"', '"7"'),
  },
  "same-sequence": {
    // It has the first neighbor's key and sequence number, but other content. Replaying it is a decision in its favor.
    record: change({
      Keys: { id: { S: "before" } },
      NewImage: { id: { S: "before" }, other: { S: "other" } },
      SequenceNumber: "10",
    }),
    repairedBy: {},
  },
  "newer-is-held": {
    record: change({ Keys: { id: { S: "held" } }, NewImage: { id: { S: "held" } } }),
    repairedBy: { partial: true },
  },
  "not-a-row": {
    record: new WireRowText(
      JSON.stringify({
        later: "a column that the table does not have",
        _unmapped: '{"id":{"S":"bad"}}',
        _key: keyHash([{ S: "bad" }]),
        _op: "MODIFY",
        _version: "20".padStart(40, "0"),
        _changed_at: NOW - 5,
        _expired: false,
      }),
    ),
    edit: replaced(/"later":"[^"]*",/, ""),
  },
  "too-large": {
    record: change({ NewImage: { id: { S: "bad" }, other: { S: "x".repeat(5000) } } }),
    repairedBy: { rowBytesMax: 100_000 },
  },
};

function edited(edit: Case["edit"] = (raw) => raw): (recorded: Recorded) => Recorded {
  return (recorded) =>
    recorded instanceof WireRowText ? new WireRowText(edit(recorded.text)) : edit(recorded);
}

const neighbour = (id: string, sequence: number): Json =>
  change({ Keys: { id: { S: id } }, NewImage: { id: { S: id } }, SequenceNumber: String(sequence) });

async function deliverTo(store: MemoryStore, records: readonly unknown[], deployed: Deployed = {}) {
  const { key = "id", rowBytesMax = 4000, partial = false } = deployed;
  const schema = parseSchema({ table: "t", key: { hash: key }, attributes: {} }, "a test");
  const hash = keyHash([{ S: "held" }]);
  const held = { isNewerHeld: (one: string) => one === hash, partial };
  const writer = lineWriter(rowCodec(schema));
  const context = { store, sink: storeSink(store, "t"), writer, rowBytesMax, held };
  return deliver(context, { records, source: "a stream", arrivedAtSeconds: NOW });
}

describe.each(Object.entries(cases))("a record that is %s", (reason, { record, repairedBy, edit }) => {
  const raw =
    record instanceof WireRowText
      ? record.text
      : typeof record === "string"
        ? record
        : JSON.stringify(record);
  const read = record instanceof WireRowText ? record : raw;

  test("lies in quarantine as it came, with its reason, while its neighbours are delivered", async () => {
    const store = new MemoryStore();
    const delivery = await deliverTo(store, [neighbour("before", 10), record, neighbour("after", 30)]);
    expect(delivery).toMatchObject({ rows: 2, skipped: 0, quarantined: [{ reason }] });
    expect(deliveredRows(store, "t")).toHaveLength(2);
    const [path = ""] = delivery.quarantineObjects;
    expect(path).toMatch(new RegExp(`^t/quarantine/${reason}/[0-9a-f]{32}\\.jsonl$`));
    expect(JSON.parse(String(store.text(path)))).toEqual({
      quarantine: 1,
      reason,
      detail: expect.not.stringContaining("bad"),
      source: "a stream",
      arrivedAtSeconds: NOW,
      raw,
    });
    expect(readRecordedEvents(String(store.text(path)), path)).toEqual([read]);
  });

  test("is delivered from there once its cause is repaired, and not before", async () => {
    const store = new MemoryStore();
    const { quarantineObjects } = await deliverTo(store, [neighbour("before", 10), record]);
    const records = readRecordedEvents(String(store.text(quarantineObjects[0] ?? "")), "quarantine");
    if (reason !== "same-sequence") {
      const unmended = await deliverTo(store, records);
      expect(unmended).toMatchObject({ rows: 0, quarantined: [{ reason }], quarantineObjects });
    }
    expect(repairedBy === undefined).toBe(edit !== undefined);
    const repaired = await deliverTo(store, records.map(edited(edit)), repairedBy);
    expect(repaired).toMatchObject({ rows: 1, quarantined: [] });
  });
});
