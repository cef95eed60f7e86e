/**
 * Following a stream: how fast `run --once` drains a backlog, beside `JSON.parse` of the same answers, and the lag of `run` at
 * steady rates. `npm run bench:follow -- [records] [rates, such as 1000,5000] [seconds of each]`
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { REVIEWS_SCHEMA } from "./reviews-export.ts";
import { type StreamEndpoint, startStreamEndpoint } from "./stream-endpoint.ts";
import { streamLag, streamLagText } from "./stream-lag.ts";
import type { ItemSize } from "./stream-records.ts";
import { timedProcess } from "./timed-process.ts";

const records = Number(process.argv[2] ?? 200_000);
const rates = (process.argv[3] ?? "1000,5000").split(",").filter(Boolean).map(Number);
const seconds = Number(process.argv[4] ?? 300);
const bin = fileURLToPath(new URL("../bin/dynalake.js", import.meta.url));

/** CPU seconds for `JSON.parse` of all answers of one shard. */
async function parseCpuSeconds(endpoint: StreamEndpoint): Promise<number> {
  let cpuMicroseconds = 0;
  const call = async (operation: string, input: object): Promise<string> => {
    const headers = { "x-amz-target": `DynamoDBStreams_20120810.${operation}` };
    const response = await fetch(endpoint.url, { method: "POST", headers, body: JSON.stringify(input) });
    return response.text();
  };
  for (let iterator = "0:0"; ; ) {
    const text = await call("GetRecords", { ShardIterator: iterator });
    const start = process.cpuUsage();
    const answer = JSON.parse(text) as { Records: readonly unknown[]; NextShardIterator: string };
    const { user, system } = process.cpuUsage(start);
    cpuMicroseconds += user + system;
    if (answer.Records.length === 0) return cpuMicroseconds / 1e6;
    iterator = answer.NextShardIterator;
  }
}

async function drain(size: ItemSize): Promise<readonly string[]> {
  const folder = await mkdtemp(join(tmpdir(), "dynalake-bench-"));
  const endpoint = await startStreamEndpoint({ items: 1_000, size, records, shards: 4 });
  try {
    const schema = join(folder, "reviews.json");
    const source = ["--table", "Reviews", "--endpoint", endpoint.url, "--lake", join(folder, "lake")];
    await writeFile(schema, JSON.stringify(REVIEWS_SCHEMA));
    await timedProcess([bin, "snapshot", ...source, "--schema", schema]);
    await endpoint.begin();
    const cost = await timedProcess([bin, "run", "--once", ...source]);
    const wallSeconds = (Date.now() - (endpoint.firstServedAtMs() ?? Number.NaN)) / 1_000;
    const parseSeconds = (await parseCpuSeconds(endpoint)) * 4;
    return [
      Math.round(records / wallSeconds).toLocaleString("en-US"),
      cost.cpuSeconds.toFixed(2),
      parseSeconds.toFixed(2),
      (cost.cpuSeconds / parseSeconds).toFixed(2),
      cost.peakMegabytes.toFixed(0),
    ];
  } finally {
    await endpoint.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

const line = (cells: readonly string[]): void => console.log(cells.map((cell) => cell.padStart(13)).join(""));

console.log(`run --once, a backlog of ${records.toLocaleString("en-US")} records in four shards`);
line(["item", "records/s", "CPU s", "parse CPU s", "ratio", "peak MB"]);
for (const size of ["300 B", "1 KB", "mix"] as const) line([size, ...(await drain(size))]);
for (const recordsPerSecond of rates) {
  const lag = await streamLag({ recordsPerSecond, seconds, size: "300 B" });
  console.log(
    `${recordsPerSecond.toLocaleString("en-US")} writes a second for ${seconds} s: ${streamLagText(lag)}`,
  );
}
