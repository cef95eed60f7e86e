/**
 * What reads a whole table: `verify` of a lake against `items` of it, in pairs, from an export, so that no emulator's speed is
 * measured; beside them `replay` of as many recorded events, and a `snapshot` that scans as many items of an endpoint.
 * `npm run bench:verify -- [items] [pairs]`
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { REVIEWS_SCHEMA, writeReviewsExport } from "./reviews-export.ts";
import { startStreamEndpoint } from "./stream-endpoint.ts";
import { itemSizes, modifyRecord, review } from "./stream-records.ts";
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
  const recorded = join(folder, "recorded.jsonl");
  await writeRecordedEvents(recorded, items);
  const endpoint = await startStreamEndpoint({ items, size: "300 B", records: 0, shards: 1 });
  const costs: { items: Cost; verify: Cost; replay: Cost; scan: Cost }[] = [];
  for (let pair = 0; pair <= pairs; pair++) {
    const printed = await timedProcess([bin, "items", "--lake", lake]);
    const verified = await timedProcess([bin, "verify", "--from-export", exported, "--lake", lake]);
    const own = (name: string): readonly string[] => [
      "--schema",
      schema,
      "--lake",
      join(folder, `${name}-${pair}`),
    ];
    const replayed = await timedProcess([bin, "replay", recorded, ...own("replayed")]);
    const from = ["--table", "Reviews", "--endpoint", endpoint.url];
    const scanned = await timedProcess([bin, "snapshot", ...from, ...own("scanned")]);
    if (pair > 0) costs.push({ items: printed, verify: verified, replay: replayed, scan: scanned });
  }
  await endpoint.stop();
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
  line("verify to items", (what) => median(costs.map((cost) => cost.verify[what] / cost.items[what])));
  line("dynalake replay", (what) => median(costs.map((cost) => cost.replay[what])));
  line("dynalake snapshot (scan)", (what) => median(costs.map((cost) => cost.scan[what])));
} finally {
  await rm(folder, { recursive: true, force: true });
}

/** Stream records of 300-byte items, a line each. */
async function writeRecordedEvents(file: string, count: number): Promise<void> {
  let text = "";
  for (let place = 0; place < count; place++) {
    const sequenceNumber = String(500_000_000_000_000_000_000n + BigInt(place));
    const marks = { sequenceNumber, madeAtSeconds: 1_732_780_000 };
    text += `${JSON.stringify(modifyRecord(review(itemSizes["300 B"]()), marks))}\n`;
  }
  await writeFile(file, text);
}
