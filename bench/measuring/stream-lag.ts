/** The lag from a write to the row in SQL, at a rate that the clock holds, with `run` in a process of its own. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { openLake } from "../../src/index.ts";
import { withScratchFolder } from "../cache-folder.ts";
import { REVIEWS_SCHEMA } from "../data/reviews-export.ts";
import type { ItemSize } from "../data/stream-records.ts";
import { median, quantile } from "../statistics.ts";
import { type MemorySample, RunningProcess } from "./running-process.ts";
import { type StreamEndpoint, startStreamEndpoint } from "./stream-endpoint.ts";
import { timedDynalake } from "./timed-process.ts";

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

const bin = fileURLToPath(new URL("../../bin/dynalake.js", import.meta.url));
const SHARDS = 4;
const ITEMS = 10_000;
const COMPACT_EVERY_SECONDS = "20";
/** The measurement fails where a write has not been seen this long after the last one. */
const PATIENCE_MS = 60_000;
/** An endpoint that is busy for longer makes its callers wait. */
const BUSY_SHARE_MAX = 0.9;

/**
 * The lag of a write runs from its time on the stream to the end of the first query that shows it. Fails if the endpoint is too
 * busy to hold the rate, so that its own lag is never taken for that of `run`.
 */
export function streamLag(request: StreamLagRequest): Promise<StreamLag> {
  const { recordsPerSecond, seconds, size } = request;
  const records = Math.round(recordsPerSecond * seconds);
  return withScratchFolder(async (folder) => {
    const endpoint = await startStreamEndpoint({
      items: ITEMS,
      size,
      records,
      shards: SHARDS,
      recordsPerSecond,
    });
    try {
      const schema = join(folder, "reviews.json");
      const lake = join(folder, "lake");
      const source = ["--source", "Reviews", "--endpoint", endpoint.url, "--lake", lake];
      await writeFile(schema, JSON.stringify(REVIEWS_SCHEMA));
      await timedDynalake("snapshot", ...source, "--schema", schema);
      const run = new RunningProcess([bin, "run", ...source, "--compact-every", COMPACT_EVERY_SECONDS]);
      try {
        await run.said("following");
        return await measuredLag(run, endpoint, lake, { recordsPerSecond, records });
      } finally {
        await run.stop();
      }
    } finally {
      await endpoint.stop();
    }
  });
}

async function measuredLag(
  run: RunningProcess,
  endpoint: StreamEndpoint,
  lake: string,
  { recordsPerSecond, records }: { readonly recordsPerSecond: number; readonly records: number },
): Promise<StreamLag> {
  const beganMs = await endpoint.begin();
  const startCpuSeconds = run.cpuSeconds();
  const lagsMs = await seenLags(lake, records, (place) => beganMs + (place * 1_000) / recordsPerSecond);
  const cpuShare = (run.cpuSeconds() - startCpuSeconds) / ((Date.now() - beganMs) / 1_000);
  const busyShare = await endpoint.busyShare();
  if (busyShare > BUSY_SHARE_MAX)
    throw new Error(
      `${recordsPerSecond} writes a second are not held: the endpoint was busy for ${(busyShare * 100).toFixed(0)}% of the time`,
    );
  return {
    writes: records,
    lagsMs: lagsMs.sort(),
    cpuShare,
    memory: run.memory.filter(({ atMs }) => atMs >= beganMs),
  };
}

/**
 * The lag of each write. A shard's records become visible in their order, so that the newest of each shard stands for all before it;
 * the number of rows at the end proves that none is missing. Fails where a write is not seen in time.
 */
async function seenLags(
  folder: string,
  writes: number,
  writtenAtMs: (place: number) => number,
): Promise<Float64Array> {
  const lagsMs = new Float64Array(writes);
  /** The next write of each shard that has not been seen. */
  const next = Array.from({ length: SHARDS }, (_, shard) => shard);
  const lake = await openLake(folder);
  try {
    for (let oldest = 0; oldest < writes; oldest = Math.min(...next)) {
      const rows = await lake.query<Newest>(newestSql(oldest, writtenAtMs(oldest))).all();
      const seenMs = Date.now();
      for (const { shard, place } of rows) {
        for (let seen = next[shard] as number; seen <= place; seen += SHARDS) {
          lagsMs[seen] = seenMs - writtenAtMs(seen);
          next[shard] = seen + SHARDS;
        }
      }
      if (seenMs - writtenAtMs(oldest) > PATIENCE_MS)
        throw new Error(`a write was not seen within ${PATIENCE_MS / 1_000} s`);
    }
    const [whole] = await lake.query<{ readonly rows: number }>(ALL_WRITTEN_SQL).all();
    if (whole?.rows !== writes) throw new Error(`${whole?.rows} of ${writes} writes are in the lake`);
  } finally {
    await lake.close();
  }
  return lagsMs;
}

interface Newest {
  readonly shard: number;
  readonly place: number;
}

const PLACE_SQL = "CAST(substr(book, 2) AS INTEGER)";
const ALL_WRITTEN_SQL = "SELECT count(*)::INTEGER AS rows FROM reviews_history WHERE _op = 'MODIFY'";

function newestSql(oldest: number, oldestMs: number): string {
  const since = `_changed_at >= make_timestamp(${Math.floor(oldestMs / 1_000)} * 1000000::BIGINT)`;
  return `SELECT ${PLACE_SQL} % ${SHARDS} AS shard, max(${PLACE_SQL}) AS place FROM reviews WHERE ${since} AND ${PLACE_SQL} >= ${oldest} GROUP BY 1`;
}

const SHARES = [0.5, 0.9, 0.99, 0.999] as const;

/** Its distribution, in seconds, and what `run` took meanwhile. */
export function streamLagText({ lagsMs, cpuShare, memory }: StreamLag): string {
  const at = (share: number): string => (quantile(lagsMs, share) / 1_000).toFixed(2);
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
