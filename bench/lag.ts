/**
 * The lag from a write to the row in SQL, with `run` in a process of its own. `npm run bench:lag -- [writes/s] [seconds]`. Up to
 * the rate that an emulator can hold, it is written to one; above, a stream is served at the rate. It stops where the rate is not
 * held, or where a write is not seen.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { measureLag } from "../src/demo/lag.ts";
import { reviews } from "../src/demo/reviews.ts";
import { createReviewsTable, loadReviews } from "../src/demo/reviews-table.ts";
import { startEmulator } from "../src/emulator/emulator.ts";
import { openLake } from "../src/index.ts";
import { connectSource } from "../src/source/source-connection.ts";
import { RunningProcess } from "./running-process.ts";
import { streamLag, streamLagText } from "./stream-lag.ts";

// The AWS SDK's own switch for its note on stderr about the next version of Node; bin/dynalake.js sets it too.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= "true";

const writesPerSecond = Number(process.argv[2] ?? 500);
const seconds = Number(process.argv[3] ?? 90);
const root = fileURLToPath(new URL("..", import.meta.url));
/** Emulators take about 200 writes a second beside everything else that runs here. */
const EMULATOR_WRITES_PER_SECOND_MAX = 100;
const LATE_SECONDS_MAX = 2;

if (writesPerSecond > EMULATOR_WRITES_PER_SECOND_MAX) {
  console.log(streamLagText(await streamLag({ recordsPerSecond: writesPerSecond, seconds, size: "300 B" })));
} else {
  await measureOnEmulator();
}

async function measureOnEmulator(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "dynalake-bench-"));
  const emulator = await startEmulator({ searchPath: process.env.PATH ?? "" });
  const connection = connectSource({ endpoint: emulator.endpoint });
  try {
    await createReviewsTable(connection.client);
    await loadReviews(connection.client, reviews(10_000));
    const lake = join(folder, "lake");
    const command = [
      "run",
      "--table",
      "Reviews",
      "--endpoint",
      emulator.endpoint,
      "--lake",
      lake,
      "--compact-every",
      "20",
    ];
    const run = new RunningProcess([join(root, "bin/dynalake.js"), ...command]);
    try {
      await run.said("following");
      const opened = await openLake(lake);
      const lag = await measureLag({
        client: connection.client,
        writesPerSecond,
        seconds,
        user: "bench",
        patienceSeconds: 30,
        lateSecondsMax: LATE_SECONDS_MAX,
        visibleBooks: async (user, sinceSeconds) => {
          const since = `_changed_at >= make_timestamp(${sinceSeconds} * 1000000::BIGINT)`;
          const sql = `SELECT book FROM reviews WHERE "user" = '${user}' AND ${since}`;
          const rows = await opened.query<{ readonly book: string }>(sql).all();
          return rows.map(({ book }) => book);
        },
      });
      await opened.close();
      if (lag.missing > 0) throw new Error(`${lag.missing} of ${lag.writes} writes were not seen`);
      console.log(`${lag.writes} writes at ${lag.writesPerSecond.toFixed(0)}/s, compactions every 20 s`);
      console.log(
        `p50 ${(lag.p50Ms / 1000).toFixed(2)} s, p99 ${(lag.p99Ms / 1000).toFixed(2)} s, max ${(lag.maxMs / 1000).toFixed(2)} s`,
      );
    } finally {
      await run.stop();
    }
  } finally {
    connection.close();
    await emulator.stop();
    await rm(folder, { recursive: true, force: true });
  }
}
