/**
 * What a change costs on its way from a stream record to a batch for Firehose, beside `JSON.parse` of the same records.
 * `npm run bench:changes -- [records] [rounds]`
 */
import type { FirehoseClient } from "@aws-sdk/client-firehose";
import { firehoseSink } from "../src/aws/firehose-sink.ts";
import { deliverStream } from "../src/aws/stream-delivery.ts";
import type { ObjectStore } from "../src/core/ports/object-store.ts";
import { rowCodec } from "../src/core/row/row.ts";
import { lineWriter } from "../src/core/row/wire-line.ts";
import { parseSchema } from "../src/core/schema/schema.ts";
import { randomOf } from "../test/support/random.ts";
import { REVIEWS_SCHEMA } from "./reviews-export.ts";
import { median } from "./timed-process.ts";

const records = Number(process.argv[2] ?? 1_000);
const rounds = Number(process.argv[3] ?? 5);
/** Each measurement takes about so many bytes of records, so that it is long beside the clock's ticks. */
const BYTES_PER_MEASUREMENT = 40_000_000;
const ARN = "arn:aws:dynamodb:us-east-1:123456789012:table/Reviews/stream/2026-11-01T00:00:00.000";

const random = randomOf(1);
const words = Array.from({ length: 4_000 }, () =>
  Array.from({ length: random.integer(2, 10) }, () => random.choice([..."abdeghilmnorstu"])).join(""),
);

/** Bytes of an item of each kind; the mix is 60% small, 30% middling and 10% large ones. */
const sizes: Readonly<Record<string, () => number>> = {
  "300 B": () => 300,
  "1 KB": () => 1_000,
  "10 KB": () => 10_000,
  mix: () => {
    const share = random.next();
    return share < 0.6 ? 300 : share < 0.9 ? 1_000 : 10_000;
  },
};

function review(bytes: number): Record<string, unknown> {
  const item: Record<string, unknown> = {
    User: { S: `u${random.integer(0, 9_999_999)}` },
    Book: { S: `b${random.integer(0, 99_999_999)}` },
    Rating: { N: String(random.integer(1, 5)) },
    ReviewedAt: { N: String(1_167_609_600_000 + random.integer(0, 536_500_000)) },
    Author: { S: `${random.choice(words)} ${random.choice(words)}` },
    Price: { N: String(random.integer(99, 9_999) / 100) },
    Helpful: { BOOL: random.next() < 0.6 },
  };
  if (bytes > 400) {
    const editions = [1950, 2001].map((year) => ({
      M: { year: { N: String(year) }, format: { S: "ebook" } },
    }));
    item.Tags = { SS: ["classic", "fantasy", "history"] };
    item.Details = {
      M: { publisher: { S: "Penguin" }, pages: { N: "412" }, editions: { L: editions } },
    };
  }
  const missing = bytes - JSON.stringify(item).length - 20;
  let text = "";
  while (text.length < missing) text += `${random.choice(words)} `;
  item.Review = { S: text };
  return item;
}

function record(place: number, bytes: number): unknown {
  const after = review(bytes);
  return {
    eventID: `5a1f${place}`,
    eventName: "MODIFY",
    eventVersion: "1.1",
    eventSource: "aws:dynamodb",
    awsRegion: "us-east-1",
    dynamodb: {
      ApproximateCreationDateTime: 1_732_780_000,
      Keys: { User: after.User, Book: after.Book },
      NewImage: after,
      OldImage: { ...after, Rating: { N: "1" } },
      SequenceNumber: String(100_000_000_000_000_000_000_000n + BigInt(place)),
      SizeBytes: bytes * 2,
      StreamViewType: "NEW_AND_OLD_IMAGES",
    },
    eventSourceARN: ARN,
  };
}

const accepting = { send: async () => ({ FailedPutCount: 0, RequestResponses: [] }) };
const noStore = new Proxy({} as ObjectStore, {
  get: () => () => Promise.reject(new Error("no record should be quarantined")),
});
const context = {
  store: noStore,
  sink: firehoseSink({ client: accepting as unknown as FirehoseClient, stream: "reviews" }),
  writer: lineWriter(rowCodec(parseSchema(REVIEWS_SCHEMA, "bench"))),
  nowSeconds: () => 1_732_780_001,
};

function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** CPU milliseconds of one parse of the event's text, and of one delivery of what was parsed. */
async function measured(text: string): Promise<{ readonly parseMs: number; readonly deliverMs: number }> {
  const times = Math.max(3, Math.floor(BYTES_PER_MEASUREMENT / text.length));
  let parseMs = 0;
  let deliverMs = 0;
  for (let i = 0; i < times; i++) {
    const startMs = cpuMs();
    const event = JSON.parse(text);
    const parsedMs = cpuMs();
    const { delivery } = await deliverStream(context, event);
    deliverMs += cpuMs() - parsedMs;
    parseMs += parsedMs - startMs;
    if (delivery?.rows !== records) throw new Error(`${delivery?.rows} of ${records} records were delivered`);
  }
  return { parseMs: parseMs / times, deliverMs: deliverMs / times };
}

console.log(`${records.toLocaleString("en-US")} records a batch, medians of ${rounds} rounds, one core`);
console.log(
  ["", "records/s", "us/record", "JSON.parse us", "ratio"].map((cell) => cell.padStart(14)).join(""),
);
for (const [name, size] of Object.entries(sizes)) {
  const text = JSON.stringify({ Records: Array.from({ length: records }, (_, i) => record(i, size())) });
  await measured(text);
  const results = [];
  for (let round = 0; round < rounds; round++) results.push(await measured(text));
  const deliverMs = median(results.map((result) => result.deliverMs));
  const cells = [
    Math.round((records / deliverMs) * 1000).toLocaleString("en-US"),
    ((deliverMs * 1000) / records).toFixed(1),
    ((median(results.map(({ parseMs }) => parseMs)) * 1000) / records).toFixed(1),
    median(results.map((result) => result.deliverMs / result.parseMs)).toFixed(2),
  ];
  console.log([name, ...cells].map((cell) => cell.padStart(14)).join(""));
}
