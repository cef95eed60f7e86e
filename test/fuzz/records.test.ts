/** Recorded events of any shape, intact or damaged: a record that cannot become a change is quarantined, and none is lost. */
import { describe, expect, test } from "@jest/globals";
import { deliver } from "../../src/core/delivery/deliver.ts";
import { readRecordedEvents } from "../../src/core/delivery/recorded-events.ts";
import { DynalakeError } from "../../src/core/error.ts";
import { rowCodec } from "../../src/core/row/row.ts";
import { LINE_BYTES_MAX, lineWriter } from "../../src/core/row/wire-line.ts";
import { parseSchema } from "../../src/core/schema/schema.ts";
import type { Json } from "../../src/core/values/json-members.ts";
import { ARRIVED_AT_SECONDS, recordedChangeOf } from "../arbitraries/change.ts";
import { CANARY, damaged, edits, hostileItem, hostileText, spoiled } from "../arbitraries/hostile.ts";
import { hostileJson } from "../arbitraries/json.ts";
import { tries } from "../support/effort.ts";
import * as fc from "../support/fast-check.ts";
import { MemoryStore } from "../support/memory-store.ts";
import { deliveredRows, storeSink } from "../support/store-sink.ts";
import { corpus, expectSilent, fuzz, silentAnswerOf } from "./fuzz.ts";

const SCHEMA = parseSchema(
  {
    table: "t",
    key: { hash: "id" },
    attributes: {
      id: { type: "string" },
      a: { type: "struct<a:map<string,array<decimal(10,2)>>,name:string>" },
      name: { type: "int" },
      __proto__: { type: "json" },
      b: { type: "array<binary>", set: true },
      c: { type: "timestamp" },
    },
  },
  "a test",
);
const writer = lineWriter(rowCodec(SCHEMA));

const record: fc.Arbitrary<Json> = fc.oneof(
  {
    weight: 3,
    arbitrary: recordedChangeOf(SCHEMA.key).chain((recorded) => spoiled(recorded.record as Json)),
  },
  {
    weight: 3,
    arbitrary: fc.tuple(hostileItem, fc.constantFrom<Json>("INSERT", "MODIFY", "REMOVE"), fc.boolean()).map(
      ([image, eventName, keyed]): Json => ({
        eventName,
        dynamodb: {
          SequenceNumber: "100",
          [eventName === "REMOVE" ? "OldImage" : "NewImage"]: image,
          ...(keyed ? { Keys: { id: (image as { readonly id: Json }).id } } : {}),
        },
      }),
    ),
  },
  { weight: 1, arbitrary: hostileJson },
  { weight: 1, arbitrary: hostileText },
);

type Form = (records: readonly Json[]) => string;
const base64 = (value: Json): string => Buffer.from(JSON.stringify(value)).toString("base64");
const linesOf = (values: readonly Json[]): string =>
  values.map((value) => `${JSON.stringify(value)}\n`).join("");

/** Every form in which records have been stored. */
const FORMS: readonly Form[] = [
  (records) => JSON.stringify({ Records: records }),
  (records) => JSON.stringify(records),
  linesOf,
  (records) => JSON.stringify({ DDBStreamBatchInfo: {}, payload: { Records: records } }),
  (records) => JSON.stringify({ payload: JSON.stringify({ Records: records }) }),
  (records) =>
    linesOf(records.map((each) => ({ quarantine: 1, reason: "no-key", raw: JSON.stringify(each) }))),
  (records) =>
    linesOf(records.map((each) => ({ errorCode: "DataFormatConversion.ParseError", rawData: base64(each) }))),
  (records) => JSON.stringify({ DDBStreamBatchInfo: { shardId: "x" }, records }),
  (records) => JSON.stringify([[[{ Records: records }]], records]),
];

const events = fc
  .tuple(fc.array(record, { minLength: 1, maxLength: 3 }), fc.constantFrom(...FORMS))
  .map(([records, form]) => form(records));

/** Takes in the text of a file, as `replay` does, and its parsed records, as a function does. */
async function takeIn(text: string): Promise<void> {
  const texts = await replayed(text);
  await expectAllKept(texts.flatMap((one) => parsed(one)));
}

async function replayed(text: string): Promise<readonly string[]> {
  const { value: texts, refused } = await silentAnswerOf(() => readRecordedEvents(text, "a file"));
  if (texts === undefined) {
    expect(refused).toBeInstanceOf(DynalakeError);
    return [];
  }
  await expectAllKept(texts);
  return texts.filter((one) => typeof one === "string");
}

function parsed(text: string): readonly unknown[] {
  try {
    return [JSON.parse(text)];
  } catch {
    return [];
  }
}

async function expectAllKept(records: readonly unknown[]): Promise<void> {
  const store = new MemoryStore();
  const context = { store, sink: storeSink(store, "t"), writer, rowBytesMax: LINE_BYTES_MAX };
  const batch = { records, source: "a file", arrivedAtSeconds: ARRIVED_AT_SECONDS };
  const delivery = await deliver(context, batch);
  expect(delivery.rows + delivery.skipped + delivery.quarantined.length).toBe(records.length);
  for (const { detail, reason } of delivery.quarantined) expectSilent(`${reason} ${detail}`);
  const rows = deliveredRows(store, "t");
  expect(rows).toHaveLength(delivery.rows);
  for (const row of rows) {
    expect(row._key).toMatch(/^[0-9a-f]{32}$/);
    expect(row._version).toMatch(/^[0-9]{40}$/);
    expect(Number.isSafeInteger(row._changed_at)).toBe(true);
  }
  const raws = store
    .paths("t/quarantine/")
    .flatMap((path) => readRecordedEvents(store.text(path) as string, "quarantine"));
  expect(raws).toHaveLength(delivery.quarantined.length);
}

describe("recorded events", () => {
  test("of the corpus are taken in or refused", async () => {
    const files = await corpus("events");
    expect(files.length).toBeGreaterThan(0);
    for (const { content } of files) await takeIn(content.toString("utf8"));
  });

  test("of any shape are taken in or refused, and none is lost", async () => {
    await fuzz("recorded events", events, takeIn);
  });

  test("whose bytes are damaged are taken in or refused, and none is lost", async () => {
    const bytes = fc.tuple(events, edits).map(([text, changes]) => damaged(Buffer.from(text), changes));
    await fuzz("bytes of recorded events", bytes, (content) => takeIn(content.toString("utf8")));
  });

  test("with a record that is nested without end, or repeats one thing without end, are refused soon", async () => {
    const long = tries(50_000);
    const texts = [
      "[".repeat(long),
      "[".repeat(long) + "]".repeat(long),
      `{"Records":${"[".repeat(long)}${"]".repeat(long)}}`,
      `{"Records":[{"eventName":"INSERT","dynamodb":{"SequenceNumber":"1","NewImage":{"id":${'{"L":['.repeat(long)}${"]}".repeat(long)}}}}]}`,
      `${'{"payload":'.repeat(long)}1${"}".repeat(long)}`,
      `{"Records":[${'"\\\\",'.repeat(long)}1]}`,
      `{"Records":["${'\\"'.repeat(long)}"]}`,
      `{"raw":"${CANARY}","quarantine":1,${'"raw":"x",'.repeat(long)}"raw":"y"}`,
      "\n".repeat(long),
      "1\n".repeat(long),
    ];
    for (const text of texts) await replayed(text);
  });
});
