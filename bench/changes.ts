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
import { changeEvent } from "./change-event.ts";
import { REVIEWS_SCHEMA } from "./reviews-export.ts";
import { itemSizes } from "./stream-records.ts";
import { median } from "./timed-process.ts";

const records = Number(process.argv[2] ?? 1_000);
const rounds = Number(process.argv[3] ?? 5);
/** Each measurement takes about so many bytes of records, so that it is long beside the clock's ticks. */
const BYTES_PER_MEASUREMENT = 40_000_000;

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
/** The mix once more, with characters beyond Latin-1 at the end of each review: JavaScript keeps such a text in two bytes a character. */
const kinds = [
  ...Object.entries(itemSizes).map(([name, size]) => ({ name, text: changeEvent(records, size) })),
  { name: "mix, Unicode", text: changeEvent(records, itemSizes.mix, " — très bien \u{1F4DA}") },
];
for (const { name, text } of kinds) {
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
