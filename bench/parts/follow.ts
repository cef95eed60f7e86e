/**
 * Following a stream: how fast `run --once` drains a backlog, beside `JSON.parse` of the same answers, and the lag of `run` at
 * steady rates. `npm run bench:follow -- [records] [rates, such as 1000,5000, or none] [seconds of each] [--rounds 1]`
 */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { withScratchFolder } from "../cache-folder.ts";
import { REVIEWS_SCHEMA } from "../data/reviews-export.ts";
import type { ItemSize } from "../data/stream-records.ts";
import { type StreamEndpoint, startStreamEndpoint } from "../measuring/stream-endpoint.ts";
import { streamLag, streamLagText } from "../measuring/stream-lag.ts";
import { type Cost, timedDynalake } from "../measuring/timed-process.ts";
import type { Report } from "../part.ts";
import { counted, textTable } from "../report/text-table.ts";
import { median } from "../statistics.ts";

const SHARDS = 4;
const SIZES: readonly ItemSize[] = ["300 B", "1 KB", "mix"];

export async function followPart(args: readonly string[]): Promise<Report> {
  const { values, positionals } = parseArgs({
    args: [...args],
    options: { rounds: { type: "string", default: "1" } },
    allowPositionals: true,
  });
  const [recordCount = "200000", rates = "1000,5000", seconds = "300"] = positionals;
  const records = Number(recordCount);
  const drained = new Map<ItemSize, readonly Drained[]>();
  for (const size of SIZES) {
    const own: Drained[] = [];
    for (let round = 0; round < Number(values.rounds); round++) own.push(await drain(size, records));
    drained.set(size, own);
  }
  const lags: string[] = [];
  for (const rate of rates === "none" ? [] : rates.split(",").map(Number)) {
    const lag = await streamLag({ recordsPerSecond: rate, seconds: Number(seconds), size: "300 B" });
    lags.push(`${counted(rate)} writes a second for ${seconds} s: ${streamLagText(lag)}`);
  }
  const title = `run --once, a backlog of ${counted(records)} records in four shards, medians of ${values.rounds} rounds`;
  const rows = [...drained].map(([size, own]) => row(size, records, own));
  const table = textTable(["", "records/s", "CPU s", "parse CPU s", "ratio", "peak MB"], rows);
  return {
    text: [title, table, ...lags].join("\n"),
    ratios: Object.fromEntries(
      [...drained].map(([size, own]) => [`${size}: run --once / JSON.parse, CPU`, own.map(toParse)]),
    ),
    plots: {},
  };
}

function row(size: ItemSize, records: number, drained: readonly Drained[]): readonly string[] {
  const of = (value: (each: Drained) => number): number => median(drained.map(value));
  return [
    size,
    counted(of(({ wallSeconds }) => records / wallSeconds)),
    of(({ cost }) => cost.cpuSeconds).toFixed(2),
    of(({ parseSeconds }) => parseSeconds).toFixed(2),
    of(toParse).toFixed(2),
    of(({ cost }) => cost.peakMegabytes).toFixed(0),
  ];
}

function toParse({ cost, parseSeconds }: Drained): number {
  return cost.cpuSeconds / parseSeconds;
}

interface Drained {
  readonly cost: Cost;
  /** From the first answer with records to the end of the program. */
  readonly wallSeconds: number;
  /** CPU seconds of `JSON.parse` alone. */
  readonly parseSeconds: number;
}

function drain(size: ItemSize, records: number): Promise<Drained> {
  return withScratchFolder(async (folder) => {
    const endpoint = await startStreamEndpoint({ items: 1_000, size, records, shards: SHARDS });
    try {
      const schema = join(folder, "reviews.json");
      const source = ["--source", "Reviews", "--endpoint", endpoint.url, "--lake", join(folder, "lake")];
      await writeFile(schema, JSON.stringify(REVIEWS_SCHEMA));
      await timedDynalake("snapshot", ...source, "--schema", schema);
      await endpoint.begin();
      const cost = await timedDynalake("run", "--once", ...source);
      const wallSeconds = (Date.now() - (endpoint.firstServedAtMs() ?? Number.NaN)) / 1_000;
      return { cost, wallSeconds, parseSeconds: await parseCpuSeconds(endpoint) };
    } finally {
      await endpoint.stop();
    }
  });
}

/** CPU seconds for `JSON.parse` of all answers. */
async function parseCpuSeconds(endpoint: StreamEndpoint): Promise<number> {
  let cpuMicroseconds = 0;
  for (let shard = 0; shard < SHARDS; shard++) {
    for (let iterator = `${shard}:0`; ; ) {
      const text = await answerTo(endpoint, { ShardIterator: iterator });
      const start = process.cpuUsage();
      const answer = JSON.parse(text) as { Records: readonly unknown[]; NextShardIterator: string };
      const { user, system } = process.cpuUsage(start);
      cpuMicroseconds += user + system;
      if (answer.Records.length === 0) break;
      iterator = answer.NextShardIterator;
    }
  }
  return cpuMicroseconds / 1e6;
}

async function answerTo(endpoint: StreamEndpoint, input: object): Promise<string> {
  const headers = { "x-amz-target": "DynamoDBStreams_20120810.GetRecords" };
  const response = await fetch(endpoint.url, { method: "POST", headers, body: JSON.stringify(input) });
  return response.text();
}
