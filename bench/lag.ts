/** The lag from a write to the row in SQL, with `run` in a process of its own. `npm run bench:lag -- [writes/s] [seconds]` */
import { spawn } from "node:child_process";
import { once } from "node:events";
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

// The AWS SDK's own switch for its note on stderr about the next version of Node; bin/dynalake.js sets it too.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= "true";

const writesPerSecond = Number(process.argv[2] ?? 500);
const seconds = Number(process.argv[3] ?? 90);
const root = fileURLToPath(new URL("..", import.meta.url));
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
  const run = spawn(process.execPath, [join(root, "bin/dynalake.js"), ...command], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  try {
    await new Promise<void>((resolve) => {
      run.stderr.on("data", (text) => {
        if (String(text).includes("following")) resolve();
      });
    });
    const opened = await openLake(lake);
    const lag = await measureLag({
      client: connection.client,
      writesPerSecond,
      seconds,
      user: "bench",
      patienceSeconds: 30,
      visibleBooks: async (user, sinceSeconds) => {
        const since = `_changed_at >= make_timestamp(${sinceSeconds} * 1000000::BIGINT)`;
        const sql = `SELECT book FROM reviews WHERE "user" = '${user}' AND ${since}`;
        const rows = await opened.query<{ readonly book: string }>(sql).all();
        return rows.map(({ book }) => book);
      },
    });
    await opened.close();
    console.log(`${lag.writes} writes at ${lag.writesPerSecond.toFixed(0)}/s, compactions every 20 s`);
    console.log(
      `p50 ${(lag.p50Ms / 1000).toFixed(2)} s, p99 ${(lag.p99Ms / 1000).toFixed(2)} s, max ${(lag.maxMs / 1000).toFixed(2)} s, missing ${lag.missing}`,
    );
  } finally {
    run.kill("SIGINT");
    await once(run, "exit");
  }
} finally {
  connection.close();
  await emulator.stop();
  await rm(folder, { recursive: true, force: true });
}
