/**
 * Compactions at several sizes of one table, with as many changes each time: a minor one, and a major one of everything beside the
 * rewrite that one would write by hand. `npm run bench:compaction -- [changes] [items...]`
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { openLake } from "../src/index.ts";
import { filesOf, MADE_TABLE, makeLake, recordedChanges } from "./made-lake.ts";
import { type Cost, timedProcess } from "./timed-process.ts";

const [changes = 100_000, ...sizes] = process.argv.slice(2).map(Number);
const root = fileURLToPath(new URL("..", import.meta.url));
const cli = join(root, "bin/dynalake.js");
const byHand = ["--import", "tsx", join(root, "bench/hand-written-rewrite.ts")];

line("items", "", ["wall s", "cpu s", "peak MB"]);
for (const items of sizes.length === 0 ? [1_000_000, 10_000_000] : sizes) {
  const folder = await mkdtemp(join(tmpdir(), "dynalake-bench-"));
  try {
    const lake = join(folder, "lake");
    await makeLake(lake, items);
    await deliver(lake, items);
    tell(items, "minor", await timedProcess([cli, "compact", "--lake", lake]));
    const files = [await filesOf(lake, "base"), await filesOf(lake, "delta")].map((each) =>
      JSON.stringify(each),
    );
    tell(items, "by hand", await timedProcess([...byHand, ...files, join(folder, "by-hand.parquet")]));
    await rm(join(folder, "by-hand.parquet"));
    tell(items, "major", await timedProcess([cli, "compact", "--all", "--lake", lake]));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function deliver(folder: string, items: number): Promise<void> {
  await using lake = await openLake(folder);
  await lake.replay([{ name: "changes", content: recordedChanges(items, 0, changes) }], { name: MADE_TABLE });
}

function tell(items: number, name: string, { wallSeconds, cpuSeconds, peakMegabytes }: Cost): void {
  line(items.toLocaleString("en-US"), name, [
    wallSeconds.toFixed(2),
    cpuSeconds.toFixed(2),
    peakMegabytes.toFixed(0),
  ]);
}

function line(items: string, name: string, cells: readonly string[]): void {
  console.log(items.padStart(12) + name.padStart(10) + cells.map((cell) => cell.padStart(10)).join(""));
}
