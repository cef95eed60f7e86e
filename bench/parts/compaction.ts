/**
 * Compactions at several sizes of one table, with as many changes each time: a minor one, and a major one of everything beside the
 * rewrite that one would write by hand. `npm run bench:compaction -- [changes] [items...] [--rounds 1]`
 */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { openLake } from "../../src/index.ts";
import { withScratchFolder } from "../cache-folder.ts";
import { filesOf, MADE_TABLE, makeLake, recordedChanges } from "../data/made-lake.ts";
import { type Cost, timedDynalake, timedScript } from "../measuring/timed-process.ts";
import type { Report } from "../part.ts";
import { counted, textTable } from "../report/text-table.ts";
import { median } from "../statistics.ts";

interface Costs {
  readonly minor: Cost;
  readonly byHand: Cost;
  readonly major: Cost;
}

export async function compactionPart(args: readonly string[]): Promise<Report> {
  const { values, positionals } = parseArgs({
    args: [...args],
    options: { rounds: { type: "string", default: "1" } },
    allowPositionals: true,
  });
  const [changes = "100000", ...sizes] = positionals;
  const costs = new Map<number, readonly Costs[]>();
  for (const size of sizes.length === 0 ? [1_000_000, 10_000_000] : sizes.map(Number)) {
    console.error(`compaction: ${counted(size)} items`);
    const own: Costs[] = [];
    for (let round = 0; round < Number(values.rounds); round++)
      own.push(await costsOf(size, Number(changes)));
    costs.set(size, own);
  }
  const rows = [...costs].flatMap(([size, own]) =>
    JOBS.map(([name, job]) =>
      row(
        size,
        name,
        own.map((each) => each[job]),
      ),
    ),
  );
  return {
    text: `${counted(Number(changes))} changes, medians of ${values.rounds} rounds\n${textTable(["items", "", "wall s", "CPU s", "peak MB"], rows)}`,
    ratios: Object.fromEntries(
      [...costs].flatMap(([size, own]) => [
        [`${counted(size)} items: minor / rewrite by hand, CPU`, toByHand(own, "minor")],
        [`${counted(size)} items: major / rewrite by hand, CPU`, toByHand(own, "major")],
      ]),
    ),
    plots: {},
  };
}

const JOBS: readonly (readonly [string, keyof Costs])[] = [
  ["minor", "minor"],
  ["major", "major"],
  ["by hand", "byHand"],
];

function toByHand(costs: readonly Costs[], job: keyof Costs): readonly number[] {
  return costs.map((each) => each[job].cpuSeconds / each.byHand.cpuSeconds);
}

function costsOf(items: number, changes: number): Promise<Costs> {
  return withScratchFolder(async (folder) => {
    const lake = join(folder, "lake");
    await makeLake(lake, items);
    await deliver(lake, items, changes);
    const minor = await timedDynalake("compact", "--lake", lake);
    const files = [await filesOf(lake, "base"), await filesOf(lake, "delta")].map((each) =>
      JSON.stringify(each),
    );
    const target = join(folder, "by-hand.parquet");
    const byHand = await timedScript("baselines/hand-written-rewrite.ts", [...files, target]);
    await rm(target);
    return { minor, byHand, major: await timedDynalake("compact", "--all", "--lake", lake) };
  });
}

async function deliver(folder: string, items: number, changes: number): Promise<void> {
  await using lake = await openLake(folder);
  await lake.replay([{ name: "changes", content: recordedChanges(items, 0, changes) }], { name: MADE_TABLE });
}

function row(items: number, name: string, costs: readonly Cost[]): readonly string[] {
  const of = (what: keyof Cost): number => median(costs.map((cost) => cost[what]));
  const [wall, cpu, peak] = [of("wallSeconds"), of("cpuSeconds"), of("peakMegabytes")];
  return [counted(items), name, wall.toFixed(2), cpu.toFixed(2), peak.toFixed(0)];
}
