import { describe, expect, test } from "@jest/globals";
import { readChangeText } from "../../../src/core/change/change.ts";
import { readRecordedEvents } from "../../../src/core/delivery/recorded-events.ts";
import { DynalakeError } from "../../../src/core/error.ts";
import type { Json } from "../../../src/core/values/json-members.ts";
import { ARRIVED_AT_SECONDS, type RecordedChange, recordedChangeOf } from "../../arbitraries/change.ts";
import { anyCharacter } from "../../arbitraries/character.ts";
import { deepJsonText, hostileJson, mutated } from "../../arbitraries/json.ts";
import * as fc from "../../support/fast-check.ts";

const KEY = { hash: "User", range: "Book" };
/** With a condition, so that old images are read too. */
const TABLE = { key: KEY, where: [{ attribute: "User", test: { exists: true } }] };
const changes = fc.array(recordedChangeOf(KEY), { minLength: 1, maxLength: 4 });

/** The forms of recorded stream records. */
const forms: Readonly<Record<string, (records: readonly Json[]) => string>> = {
  "a Lambda event": (records) => JSON.stringify({ Records: records }),
  "an indented Lambda event": (records) => JSON.stringify({ Records: records }, null, 2),
  "the answer of GetRecords": (records) =>
    JSON.stringify({ NextShardIterator: "arn:aws:x|1|y", Records: records }),
  "an array of records": (records) => JSON.stringify(records),
  "JSON lines of records": (records) => lines(records),
  "JSON lines that end in \\r\\n, with a byte order mark": (records) =>
    `\ufeff${lines(records).replaceAll("\n", "\r\n")}`,
  "JSON lines with blank ones between": (records) => `\n\n${lines(records).replaceAll("\n", "\n\n  \n")}`,
  "JSON lines of Lambda events": (records) => lines(records.map((record) => ({ Records: [record] }))),
  "an array of Lambda events": (records) => JSON.stringify(records.map((record) => ({ Records: [record] }))),
  "an on-failure object whose payload is an event": (records) => onFailure({ Records: records }),
  "an on-failure object whose payload is text": (records) => onFailure(JSON.stringify({ Records: records })),
  "concatenated JSON of records, as Firehose leaves it": (records) =>
    records.map((record) => JSON.stringify(record)).join(""),
  "concatenated Lambda events, some over several lines": (records) =>
    records.map((record, i) => JSON.stringify({ Records: [record] }, null, i % 2)).join(" "),
  "JSON lines, two records in each": (records) =>
    lines(records).replaceAll("\n", (_: string, at: number) => (at % 2 === 0 ? "\n" : "")),
  "EventBridge's events as JSON lines": (records) => lines(records.map(ofEventBridge)),
  "an event of SQS whose bodies are records": (records) =>
    JSON.stringify({
      Records: records.map((record) => ({ eventSource: "aws:sqs", body: JSON.stringify(record) })),
    }),
  "an event of SNS whose messages are EventBridge's events": (records) =>
    JSON.stringify({
      Records: records.map((record) => ({
        EventSource: "aws:sns",
        Sns: { Type: "Notification", Message: JSON.stringify(ofEventBridge(record)) },
      })),
    }),
  "the answer of SQS ReceiveMessage whose bodies are SNS messages": (records) =>
    JSON.stringify({
      Messages: records.map((record) => ({
        MessageId: "1",
        Body: JSON.stringify({ Type: "Notification", Message: JSON.stringify({ Records: [record] }) }),
      })),
    }),
  "a quarantine file": (records) => lines(records.map((record) => quarantined(JSON.stringify(record)))),
};

describe("records come back, all and in order, from", () => {
  test.each(Object.entries(forms))("%s", (_, write) => {
    fc.assert(
      fc.property(changes, (recorded) => {
        const records = readRecordedEvents(write(recorded.map(({ record }) => record)), "file");
        expect(records.map((text): Json => JSON.parse(text as string))).toEqual(
          recorded.map(({ record }) => plain(record)),
        );
        expect(records.map((text) => readChangeText(text as string, TABLE, ARRIVED_AT_SECONDS))).toEqual(
          changesOf(recorded),
        );
      }),
      { numRuns: 50 },
    );
  });
});

test("each record keeps its own text, so that one which contradicts itself does not take its neighbours with it", () => {
  const [good, bad] = [
    '{"eventName":"INSERT","dynamodb":{}}',
    '{ "eventName":"INSERT","eventName" : "REMOVE","dynamodb":{}}',
  ];
  for (const file of [
    `{"Records":[${good},${bad}]}`,
    `[${good} , ${bad}]`,
    `${good}\n${bad}\n`,
    `{"payload":{"Records":[${good},${bad}]}}`,
  ]) {
    expect(readRecordedEvents(file, "file").map((text) => (text as string).trim())).toEqual([good, bad]);
  }
});

const kinesisRecord = {
  eventName: "INSERT",
  recordFormat: "application/json",
  tableName: "Songs",
  dynamodb: { ApproximateCreationDateTime: 1764000000100200, Keys: { id: { S: "42" } } },
};
const ofKinesis: Readonly<Record<string, unknown>> = {
  "a record as Kinesis Data Streams for DynamoDB has it": kinesisRecord,
  "an event of Lambda that reads Kinesis": {
    Records: [{ eventSource: "aws:kinesis", kinesis: { sequenceNumber: "49", data: "e30=" } }],
  },
  "a batch of a pipe that reads Kinesis": [
    { kinesisSchemaVersion: "1.0", sequenceNumber: "49", data: "e30=" },
  ],
  "the answer of Kinesis GetRecords": {
    Records: [{ Data: "e30=", PartitionKey: "A0", SequenceNumber: "49" }],
  },
  "such a record wrapped by EventBridge": { "detail-type": "x", detail: kinesisRecord },
};

test.each(Object.entries(ofKinesis))("%s is refused, since nothing orders it", (_, value) => {
  const good = '{"eventName":"INSERT","dynamodb":{"SequenceNumber":"1"}}';
  for (const file of [JSON.stringify(value), `${good}\n${JSON.stringify(value)}`]) {
    expect(() => readRecordedEvents(file, "file")).toThrow(/records of Kinesis Data Streams for DynamoDB/);
  }
});

test.each([
  ['{"Records":[]}{"Records":', 1],
  ['{"Records":[]}\n\n"x', 3],
  ['{"Records":[]}{"Records":[]}]', 1],
  ['{"Records":\n[]}{"Records":[]} x', 2],
])("%j is torn, and line %d is named", (file, line) => {
  expect(() => readRecordedEvents(file, "file")).toThrow(`line ${line} is not JSON`);
});

test("a quarantine file gives the raw texts back, whatever they are", () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: anyCharacter }), { minLength: 1 }), (raws) => {
      expect(readRecordedEvents(lines(raws.map(quarantined)), "file")).toEqual(raws);
    }),
    { numRuns: 200 },
  );
});

test.each(["", "  \n ", '{"Records":[]}', "[]"])("%j holds no records, and that is no error", (file) => {
  expect(readRecordedEvents(file, "file")).toEqual([]);
});

test("what is no record stands in its event as it is, for readChange to refuse", () => {
  expect(readRecordedEvents('{"Records":[{},5,null]}', "file")).toEqual(["{}", "5", "null"]);
  expect(readRecordedEvents('{"eventName":"INSERT"}', "file")).toEqual(['{"eventName":"INSERT"}']);
});

describe("a file is refused", () => {
  test.each([
    ["5", "no stream records"],
    ["null", "no stream records"],
    ['"text"', "no stream records"],
    ["{}", "no stream records"],
    ['{"Item":{"id":{"S":"a"}}}', "no stream records"],
    ['{"payload":"no json"}', "no stream records"],
    ['{"payload":5}', "no stream records"],
    ['[{"dynamodb":{}},{}]', "no stream records"],
    ["no json", "line 1"],
    ['{"dynamodb":{}}\n\n{"dynamodb":', "line 3"],
    ['\n{"dynamodb":{}}\n{"dynamodb"}\n', "line 3"],
    ['{"Records":[],"Records":[{"dynamodb":{}}]}', '"Records" 2 times'],
    ['{"payload":{"Records":[]},"payload":{"Records":[{"dynamodb":{}}]}}', '"payload" 2 times'],
    ['{"payload":"{}","payload":"[]"}', '"payload" 2 times'],
    ['{"quarantine":1,"raw":"a","raw":"b"}', '"raw" 2 times'],
  ])("%j: %s", (file, why) => {
    const error = refusal(file);
    expect(error).toMatchObject({ code: "INPUT_INVALID" });
    expect(error?.message).toContain("a-file.json");
    expect(error?.message).toContain(why);
  });

  test("that tells of a failed batch but holds no records, with the advice what to use instead", () => {
    const error = refusal(
      '{"DDBStreamBatchInfo":{"shardId":"shardId-1","startSequenceNumber":"1"},"requestContext":{}}',
    );
    expect(error?.code).toBe("INPUT_INVALID");
    expect(error?.next).toContain("S3 destination");
  });
});

describe("hostile input", () => {
  const nearlyFile = fc
    .tuple(
      changes,
      fc.constantFrom(...Object.values(forms)),
      fc.nat(),
      fc.nat(4),
      fc.string({ maxLength: 3 }),
    )
    .map(([recorded, write, from, length, put]) => {
      const file = write(recorded.map(({ record }) => record));
      const at = from % file.length;
      return file.slice(0, at) + put + file.slice(at + length);
    });
  const nearlyEvent = fc
    .tuple(changes, fc.array(fc.nat(), { maxLength: 4 }), hostileJson)
    .map(([recorded, choices, json]) =>
      JSON.stringify(mutated({ Records: recorded.map(({ record }) => record) }, choices, json)),
    );

  test("gives texts or a DynalakeError, nothing else", () => {
    const file = fc.oneof(
      { weight: 4, arbitrary: nearlyFile },
      { weight: 3, arbitrary: nearlyEvent },
      { weight: 3, arbitrary: hostileJson.map((json) => JSON.stringify(json)) },
      { weight: 1, arbitrary: deepJsonText },
      { weight: 1, arbitrary: fc.string({ unit: anyCharacter }) },
    );
    fc.assert(
      fc.property(file, (text) => {
        try {
          for (const record of readRecordedEvents(text, "file")) expect(typeof record).toBe("string");
        } catch (error) {
          expect(error).toBeInstanceOf(DynalakeError);
        }
      }),
      { numRuns: 1000 },
    );
  });

  test.each([
    ["arrays", "[", "]"],
    ["payloads", '{"payload":', "}"],
    ["both", '[{"payload":', "}]"],
  ])("of %s within each other is refused, whatever the depth", (_, open, close) => {
    expect(refusal(open.repeat(50_000) + close.repeat(50_000))?.code).toBe("INPUT_INVALID");
  });

  test("is refused without being quoted", () => {
    const secret = "Geheimnis";
    for (const file of [
      secret,
      `{"a":"${secret}"}`,
      `{"payload":"${secret}"}`,
      `{"dynamodb":{}}\n{"${secret}`,
    ]) {
      const error = refusal(file);
      expect(`${error?.message} ${error?.next} ${String(error?.cause)}`).not.toContain(secret);
    }
  });
});

function ofEventBridge(record: Json): Json {
  return { version: "0", "detail-type": "Event from aws:dynamodb", source: "Pipe songs", detail: record };
}

function lines(records: readonly Json[]): string {
  return records.map((record) => `${JSON.stringify(record)}\n`).join("");
}

function onFailure(payload: Json): string {
  return JSON.stringify({
    requestContext: { requestId: "1", condition: "RetryAttemptsExhausted" },
    DDBStreamBatchInfo: { shardId: "shardId-1", batchSize: 1 },
    payload,
  });
}

function quarantined(raw: string): Json {
  return {
    quarantine: 1,
    reason: "not-json",
    detail: "The text is no JSON.",
    source: "s",
    arrivedAtSeconds: 1,
    raw,
  };
}

function plain(json: Json): Json {
  return JSON.parse(JSON.stringify(json));
}

function changesOf(recorded: readonly RecordedChange[]): readonly unknown[] {
  return recorded.map(({ change }) => change);
}

function refusal(file: string): DynalakeError | undefined {
  try {
    readRecordedEvents(file, "a-file.json");
    return undefined;
  } catch (error) {
    if (error instanceof DynalakeError) return error;
    throw error;
  }
}
