/**
 * What a change costs on its way from a stream record to a batch for Firehose, beside `JSON.parse` of the same records.
 * `npm run bench:changes -- [records] [rounds]`
 */
import type { FirehoseClient } from "@aws-sdk/client-firehose";
import { firehoseSink } from "../../src/aws/firehose-sink.ts";
import { deliverStream } from "../../src/aws/stream-delivery.ts";
import type { ObjectStore } from "../../src/core/ports/object-store.ts";
import { FIREHOSE_LIMITS } from "../../src/core/row/pack-lines.ts";
import { rowCodec } from "../../src/core/row/row.ts";
import { lineWriter } from "../../src/core/row/wire-line.ts";
import { parseSchema } from "../../src/core/schema/schema.ts";
import { changeEvent } from "../data/change-event.ts";
import { REVIEWS_SCHEMA } from "../data/reviews-export.ts";
import { itemSizes } from "../data/stream-records.ts";
import { inTurn } from "../measuring/in-turn.ts";
import type { Report } from "../part.ts";
import { counted, textTable } from "../report/text-table.ts";
import { median, pairRatios } from "../statistics.ts";

/** Each measurement takes about so many bytes of records, so that it is long beside the clock's ticks. */
const BYTES_PER_MEASUREMENT = 40_000_000;

interface Measured {
  readonly parseMs: number;
  readonly deliverMs: number;
}

export async function changesPart([recordCount = "1000", rounds = "5"]: readonly string[]): Promise<Report> {
  const records = Number(recordCount);
  const kinds = [
    ...Object.entries(itemSizes).map(([name, size]) => ({ name, text: changeEvent(records, size) })),
    // Characters beyond Latin-1 at the end of each review: JavaScript keeps such a text in two bytes a character.
    { name: "mix, Unicode", text: changeEvent(records, itemSizes.mix, " — très bien \u{1F4DA}") },
  ];
  const rows: (readonly string[])[] = [];
  const ratios: Record<string, readonly number[]> = {};
  for (const { name, text } of kinds) {
    const { delivered } = await inTurn({ delivered: () => measured(text, records) }, Number(rounds));
    const deliverMs = delivered.map((each) => each.deliverMs);
    const parseMs = delivered.map((each) => each.parseMs);
    const toParse = pairRatios(deliverMs, parseMs);
    ratios[`${name}: delivery / JSON.parse, CPU`] = toParse;
    rows.push([
      name,
      counted((records / median(deliverMs)) * 1000),
      ((median(deliverMs) * 1000) / records).toFixed(1),
      ((median(parseMs) * 1000) / records).toFixed(1),
      median(toParse).toFixed(2),
    ]);
  }
  const title = `${counted(records)} records a batch, medians of ${rounds} rounds, one core`;
  const table = textTable(["", "records/s", "us/record", "JSON.parse us", "ratio"], rows);
  return { text: `${title}\n${table}`, ratios, plots: {} };
}

const accepting = { send: async () => ({ FailedPutCount: 0, RequestResponses: [] }) };
const noStore = new Proxy({} as ObjectStore, {
  get: () => () => Promise.reject(new Error("no record should be quarantined")),
});
const served = {
  store: noStore,
  sink: firehoseSink({ client: accepting as unknown as FirehoseClient, stream: "reviews" }),
  writer: lineWriter(rowCodec(parseSchema(REVIEWS_SCHEMA, "bench"))),
  rowBytesMax: FIREHOSE_LIMITS.recordBytesMax,
};
const context = {
  store: noStore,
  tables: [{ table: "reviews", open: () => Promise.resolve(served) }],
  nowSeconds: () => 1_732_780_001,
};

function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** CPU milliseconds of one parse of the event's text, and of one delivery of what was parsed. */
async function measured(text: string, records: number): Promise<Measured> {
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
    const rows = delivery.tables[0]?.delivery?.rows;
    if (rows !== records) throw new Error(`${rows} of ${records} records were delivered`);
  }
  return { parseMs: parseMs / times, deliverMs: deliverMs / times };
}
