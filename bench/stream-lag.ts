/** The lag from a write to the row in SQL, at a rate that the clock holds, with `run` in a process of its own. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { openLake } from "../src/index.ts";
import { REVIEWS_SCHEMA } from "./reviews-export.ts";
import { type MemorySample, RunningProcess } from "./running-process.ts";
import { startStreamEndpoint } from "./stream-endpoint.ts";
import type { ItemSize } from "./stream-records.ts";
import { median, timedProcess } from "./timed-process.ts";

export interface StreamLagRequest {
  readonly recordsPerSecond: number;
  readonly seconds: number;
  readonly size: ItemSize;
}

export interface StreamLag {
  readonly writes: number;
  /** Milliseconds, from the shortest to the longest. */
  readonly lagsMs: Float64Array;
  /** Of `run`, for each second of the measurement. */
  readonly cpuShare: number;
  readonly memory: readonly MemorySample[];
}

const bin = fileURLToPath(new URL("../bin/dynalake.js", import.meta.url));
const SHARDS = 4;
const ITEMS = 10_000;
const COMPACT_EVERY_SECONDS = "20";
/** The measurement fails where a write has not been seen this long after the last one. */
const PATIENCE_MS = 60_000;

/** The lag of a write runs from its time on the stream to the end of the first query that shows it. */
export async function streamLag(request: StreamLagRequest): Promise<StreamLag> {
  const { recordsPerSecond, seconds, size } = request;
  const writes = Math.round(recordsPerSecond * seconds);
  const folder = await mkdtemp(join(tmpdir(), "dynalake-bench-"));
  const endpoint = await startStreamEndpoint({
    items: ITEMS,
    size,
    records: writes,
    shards: SHARDS,
    recordsPerSecond,
  });
  try {
    const schema = join(folder, "reviews.json");
    const lake = join(folder, "lake");
    const source = ["--table", "Reviews", "--endpoint", endpoint.url, "--lake", lake];
    await writeFile(schema, JSON.stringify(REVIEWS_SCHEMA));
    await timedProcess([bin, "snapshot", ...source, "--schema", schema]);
    const run = new RunningProcess([bin, "run", ...source, "--compact-every", COMPACT_EVERY_SECONDS]);
    try {
      await run.said("following");
      const beganMs = await endpoint.begin();
      const startCpuSeconds = run.cpuSeconds();
      const lagsMs = await seenLags(lake, writes, (place) => beganMs + (place * 1_000) / recordsPerSecond);
      const cpuShare = (run.cpuSeconds() - startCpuSeconds) / ((Date.now() - beganMs) / 1_000);
      return {
        writes,
        lagsMs: lagsMs.sort(),
        cpuShare,
        memory: run.memory.filter(({ atMs }) => atMs >= beganMs),
      };
    } finally {
      await run.stop();
    }
  } finally {
    await endpoint.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

/** The lag of each write. Fails where one is not seen in time. */
async function seenLags(
  folder: string,
  writes: number,
  writtenAtMs: (place: number) => number,
): Promise<Float64Array> {
  const lagsMs = new Float64Array(writes).fill(Number.NaN);
  const lake = await openLake(folder);
  try {
    for (let oldest = 0; oldest < writes; ) {
      const since = `_changed_at >= make_timestamp(${Math.floor(writtenAtMs(oldest) / 1_000)} * 1000000::BIGINT)`;
      const sql = `SELECT book FROM reviews WHERE ${since} AND book >= '${bookOf(oldest)}'`;
      const rows = await lake.query<{ readonly book: string }>(sql).all();
      const seenMs = Date.now();
      for (const { book } of rows) {
        const place = Number(book.slice(1));
        if (Number.isNaN(lagsMs[place])) lagsMs[place] = seenMs - writtenAtMs(place);
      }
      while (oldest < writes && !Number.isNaN(lagsMs[oldest])) oldest++;
      if (oldest < writes && seenMs - writtenAtMs(Math.min(writes, oldest)) > PATIENCE_MS)
        throw new Error(`the write of ${bookOf(oldest)} was not seen within ${PATIENCE_MS / 1_000} s`);
    }
  } finally {
    await lake.close();
  }
  return lagsMs;
}

function bookOf(place: number): string {
  return `b${String(place).padStart(10, "0")}`;
}

const SHARES = [0.5, 0.9, 0.99, 0.999] as const;

/** Its distribution, in seconds, and what `run` took meanwhile. */
export function streamLagText({ writes, lagsMs, cpuShare, memory }: StreamLag): string {
  const at = (share: number): string =>
    ((lagsMs[Math.min(writes - 1, Math.floor(writes * share))] ?? 0) / 1_000).toFixed(2);
  const megabytes = memory.map(({ residentMegabytes }) => residentMegabytes);
  const third = Math.ceil(megabytes.length / 3);
  const resident = [megabytes.slice(0, third), megabytes.slice(third, -third), megabytes.slice(-third)];
  return [
    SHARES.map((share) => `p${share * 100} ${at(share)} s`).join(", "),
    `max ${at(1)} s`,
    `run: ${(cpuShare * 100).toFixed(0)}% of a core`,
    `resident MB in each third: ${resident.map((part) => median(part).toFixed(0)).join(", ")}`,
    `peak ${Math.max(...megabytes).toFixed(0)}`,
  ].join(", ");
}
