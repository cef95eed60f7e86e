/** `verify` of a lake against `items` of it, in pairs. The source is an export, so that no emulator's speed is measured. `npm run bench:verify -- [items] [pairs]` */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { REVIEWS_SCHEMA, writeReviewsExport } from "./reviews-export.ts";
import { type Cost, median, timedProcess } from "./timed-process.ts";

const items = Number(process.argv[2] ?? 200_000);
const pairs = Number(process.argv[3] ?? 3);
const bin = fileURLToPath(new URL("../bin/dynalake.js", import.meta.url));
const folder = await mkdtemp(join(tmpdir(), "dynalake-bench-"));
try {
  const exported = join(folder, "export");
  const schema = join(folder, "reviews.json");
  const lake = join(folder, "lake");
  await writeReviewsExport(exported, items);
  await writeFile(schema, JSON.stringify(REVIEWS_SCHEMA));
  await timedProcess([bin, "snapshot", "--from-export", exported, "--schema", schema, "--lake", lake]);
  const costs: { items: Cost; verify: Cost }[] = [];
  for (let pair = 0; pair <= pairs; pair++) {
    const printed = await timedProcess([bin, "items", "--lake", lake]);
    const verified = await timedProcess([bin, "verify", "--from-export", exported, "--lake", lake]);
    if (pair > 0) costs.push({ items: printed, verify: verified });
  }
  const line = (name: string, cost: (what: keyof Cost) => number): void => {
    const cells = (["wallSeconds", "cpuSeconds", "peakMegabytes"] as const).map((what) =>
      cost(what).toFixed(2).padStart(12),
    );
    console.log(name.padEnd(24) + cells.join(""));
  };
  console.log(`${items.toLocaleString("en-US")} items, ${pairs} pairs, medians`);
  console.log(`${"".padEnd(24)}${["wall s", "cpu s", "peak MB"].map((name) => name.padStart(12)).join("")}`);
  line("dynalake items", (what) => median(costs.map((cost) => cost.items[what])));
  line("dynalake verify", (what) => median(costs.map((cost) => cost.verify[what])));
  line("ratio", (what) => median(costs.map((cost) => cost.verify[what] / cost.items[what])));
} finally {
  await rm(folder, { recursive: true, force: true });
}
