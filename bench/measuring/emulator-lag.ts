/** The lag from a write to an emulator to the row in SQL, with `run` in a process of its own. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Lag, measureLag } from "../../src/demo/lag.ts";
import { reviews } from "../../src/demo/reviews.ts";
import { createReviewsTable, loadReviews, type WrittenSource } from "../../src/demo/reviews-table.ts";
import { startEmulator } from "../../src/emulator/emulator.ts";
import { openLake } from "../../src/index.ts";
import { connectSource } from "../../src/source/source-connection.ts";
import { withScratchFolder } from "../cache-folder.ts";
import { RunningProcess } from "./running-process.ts";

// The AWS SDK's own switch for its note on stderr about the next version of Node; bin/dynalake.js sets it too.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= "true";

const bin = fileURLToPath(new URL("../../bin/dynalake.js", import.meta.url));
const ITEMS = 10_000;
const COMPACT_EVERY_SECONDS = 20;
/** The measurement fails if a write is this late. */
const LATE_SECONDS_MAX = 2;

export interface EmulatorLagRequest {
  readonly writesPerSecond: number;
  readonly seconds: number;
}

export async function emulatorLag(request: EmulatorLagRequest): Promise<Lag> {
  const emulator = await startEmulator({ searchPath: process.env.PATH ?? "" });
  const connection = connectSource({ endpoint: emulator.endpoint });
  try {
    await createReviewsTable(connection);
    await loadReviews(connection, reviews(ITEMS));
    return await withScratchFolder(async (folder) => {
      const lake = join(folder, "lake");
      const source = ["--source", "Reviews", "--endpoint", emulator.endpoint, "--lake", lake];
      const run = new RunningProcess([bin, "run", ...source, "--compact-every", `${COMPACT_EVERY_SECONDS}`]);
      try {
        await run.said("following");
        return await measuredIn(lake, connection, request);
      } finally {
        await run.stop();
      }
    });
  } finally {
    connection.close();
    await emulator.stop();
  }
}

async function measuredIn(folder: string, source: WrittenSource, request: EmulatorLagRequest): Promise<Lag> {
  await using lake = await openLake(folder);
  const lag = await measureLag({
    ...request,
    source,
    user: "bench",
    patienceSeconds: 30,
    lateSecondsMax: LATE_SECONDS_MAX,
    visibleBooks: async (user, sinceSeconds) => {
      const since = `_changed_at >= make_timestamp(${sinceSeconds} * 1000000::BIGINT)`;
      const sql = `SELECT book FROM reviews WHERE "user" = '${user}' AND ${since}`;
      const rows = await lake.query<{ readonly book: string }>(sql).all();
      return rows.map(({ book }) => book);
    },
  });
  if (lag.missing > 0) throw new Error(`${lag.missing} of ${lag.writes} writes were not seen`);
  return lag;
}

export function emulatorLagText({ writesPerSecond, p50Ms, p99Ms, maxMs }: Lag): string {
  const seconds = (ms: number): string => `${(ms / 1_000).toFixed(2)} s`;
  return `${writesPerSecond.toFixed(0)} held, p50 ${seconds(p50Ms)}, p99 ${seconds(p99Ms)}, max ${seconds(maxMs)}`;
}
