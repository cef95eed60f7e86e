/** Snapshot of an export against the hand-written DuckDB job, in pairs. `npm run bench:snapshot -- [items] [pairs]` */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { REVIEWS_SCHEMA, writeReviewsExport } from "./reviews-export.ts";
import { type Cost, median, timedProcess } from "./timed-process.ts";

const items = Number(process.argv[2] ?? 1_000_000);
const pairs = Number(process.argv[3] ?? 3);
const root = fileURLToPath(new URL("..", import.meta.url));
const folder = await mkdtemp(join(tmpdir(), "dynalake-bench-"));
try {
  const exported = join(folder, "export");
  const schema = join(folder, "reviews.json");
  await writeReviewsExport(exported, items);
  await writeFile(schema, JSON.stringify(REVIEWS_SCHEMA));
  const job = [
    "--import",
    "tsx",
    join(root, "bench/hand-written-job.ts"),
    exported,
    join(folder, "by-hand.parquet"),
  ];
  const costs: { byHand: Cost; dynalake: Cost }[] = [];
  for (let pair = 0; pair <= pairs; pair++) {
    const lake = join(folder, `lake-${pair}`);
    const snapshot = [
      join(root, "bin/dynalake.js"),
      "snapshot",
      "--from-export",
      exported,
      "--schema",
      schema,
      "--lake",
      lake,
    ];
    const byHand = await timedProcess(job);
    const dynalake = await timedProcess(snapshot);
    await rm(lake, { recursive: true, force: true });
    if (pair > 0) costs.push({ byHand, dynalake });
  }
  const of = (which: "byHand" | "dynalake", what: keyof Cost): number =>
    median(costs.map((cost) => cost[which][what]));
  const ratio = (what: keyof Cost): number =>
    median(costs.map((cost) => cost.dynalake[what] / cost.byHand[what]));
  const line = (name: string, ...cells: readonly (string | number)[]): void => {
    console.log(
      name.padEnd(24) +
        cells.map((cell) => String(typeof cell === "number" ? cell.toFixed(2) : cell).padStart(12)).join(""),
    );
  };
  console.log(`${items.toLocaleString("en-US")} items, ${pairs} pairs, medians`);
  line("", "wall s", "cpu s", "peak MB");
  line(
    "by hand (DuckDB SQL)",
    of("byHand", "wallSeconds"),
    of("byHand", "cpuSeconds"),
    of("byHand", "peakMegabytes"),
  );
  line(
    "dynalake snapshot",
    of("dynalake", "wallSeconds"),
    of("dynalake", "cpuSeconds"),
    of("dynalake", "peakMegabytes"),
  );
  line("ratio", ratio("wallSeconds"), ratio("cpuSeconds"), ratio("peakMegabytes"));
} finally {
  await rm(folder, { recursive: true, force: true });
}
