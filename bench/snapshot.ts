/**
 * Snapshots of exports against the hand-written DuckDB job, in turn: with a given schema, with an inferred one, and at several
 * sizes; and a file of an export as `snapshot-part` stages it on AWS. `npm run bench:snapshot -- [items] [pairs] [more sizes]`
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { REVIEWS_SCHEMA, writeReviewsExport } from "./reviews-export.ts";
import { type StagingRate, stagingRate } from "./staging-rate.ts";
import { type Cost, median, timedProcess } from "./timed-process.ts";

interface Costs {
  readonly byHand: Cost;
  readonly given: Cost;
  readonly inferred: Cost;
}
type Job = keyof Costs;

const items = Number(process.argv[2] ?? 1_000_000);
const pairs = Number(process.argv[3] ?? 3);
const sizes = (process.argv[4] ?? "").split(",").filter(Boolean).map(Number);
const root = fileURLToPath(new URL("..", import.meta.url));
const folder = await mkdtemp(join(tmpdir(), "dynalake-bench-"));
const schema = join(folder, "reviews.json");
try {
  await writeFile(schema, JSON.stringify(REVIEWS_SCHEMA));
  const exported = join(folder, "export");
  await writeReviewsExport(exported, items);
  const costs: Costs[] = [];
  for (let pair = 0; pair <= pairs; pair++) {
    const cost = await costsOf(exported);
    // The first ones warm the file cache.
    if (pair > 0) costs.push(cost);
  }
  report(costs);
  reportStaging(await stagingRate(exported, REVIEWS_SCHEMA));
  await rm(exported, { recursive: true, force: true });
  if (sizes.length > 0) await reportSizes(costs);
} finally {
  await rm(folder, { recursive: true, force: true });
}

async function costsOf(exported: string): Promise<Costs> {
  const byHand = join(root, "bench/hand-written-job.ts");
  return {
    byHand: await timedProcess(["--import", "tsx", byHand, exported, join(folder, "by-hand.parquet")]),
    given: await snapshot(exported, ["--schema", schema]),
    inferred: await snapshot(exported, ["--key", "User,Book"]),
  };
}

async function snapshot(exported: string, how: readonly string[]): Promise<Cost> {
  const lake = join(folder, "lake");
  const bin = join(root, "bin/dynalake.js");
  const cost = await timedProcess([bin, "snapshot", "--from-export", exported, ...how, "--lake", lake]);
  await rm(lake, { recursive: true, force: true });
  return cost;
}

function report(costs: readonly Costs[]): void {
  const of = (job: Job, what: keyof Cost): number => median(costs.map((cost) => cost[job][what]));
  const ratio = (job: Job, to: Job, what: keyof Cost): number =>
    median(costs.map((cost) => cost[job][what] / cost[to][what]));
  const row = (name: string, value: (what: keyof Cost) => number): void =>
    line(name, value("wallSeconds"), value("cpuSeconds"), value("peakMegabytes"));
  console.log(`${items.toLocaleString("en-US")} items, ${pairs} pairs, medians`);
  line("", "wall s", "cpu s", "peak MB");
  row("by hand (DuckDB SQL)", (what) => of("byHand", what));
  row("schema given", (what) => of("given", what));
  row("schema inferred", (what) => of("inferred", what));
  row("given / by hand", (what) => ratio("given", "byHand", what));
  row("inferred / given", (what) => ratio("inferred", "given", what));
}

function reportStaging({ megabytes, cpuSeconds, gzipSeconds }: StagingRate): void {
  console.log(`\nsnapshot-part on AWS, ${megabytes.toFixed(0)} MB of JSON lines on one core`);
  line("", "cpu s", "MB/s");
  line("staged and compressed", cpuSeconds, megabytes / cpuSeconds);
  line("of it gzip", gzipSeconds, megabytes / gzipSeconds);
}

/** One run at each size, beside the median of the first size. */
async function reportSizes(costs: readonly Costs[]): Promise<void> {
  const first = median(costs.map(({ given }) => given.cpuSeconds)) / items;
  const firstPeak = median(costs.map(({ given }) => given.peakMegabytes));
  console.log("\nschema given, by size");
  line("items", "wall s", "cpu s", "us/item", "to first", "peak MB", "to first");
  for (const size of sizes) {
    const exported = join(folder, `export-${size}`);
    await writeReviewsExport(exported, size);
    const { wallSeconds, cpuSeconds, peakMegabytes } = await snapshot(exported, ["--schema", schema]);
    await rm(exported, { recursive: true, force: true });
    const perItem = cpuSeconds / size;
    const cells = [wallSeconds, cpuSeconds, perItem * 1e6, perItem / first];
    line(size.toLocaleString("en-US"), ...cells, peakMegabytes, peakMegabytes / firstPeak);
  }
}

function line(name: string, ...cells: readonly (string | number)[]): void {
  const texts = cells.map((cell) => (typeof cell === "number" ? cell.toFixed(2) : cell).padStart(12));
  console.log(name.padEnd(24) + texts.join(""));
}
