/**
 * Snapshots of exports in turn with what one would use in their place: with a given schema, with an inferred one, and at several
 * sizes; and a file of an export as `snapshot-part` stages it on AWS.
 * `npm run bench:snapshot -- [items] [pairs] [more sizes] [--baselines]`
 */
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { PYTHON_BASELINES, pythonBaseline } from "../baselines/python-baselines.ts";
import { withScratchFolder } from "../cache-folder.ts";
import { REVIEWS_SCHEMA, reviewsExport } from "../data/reviews-export.ts";
import { inTurn } from "../measuring/in-turn.ts";
import { type StagingRate, stagingRate } from "../measuring/staging-rate.ts";
import { type Cost, timedDynalake, timedScript } from "../measuring/timed-process.ts";
import type { Report } from "../part.ts";
import { lineChart, type Series } from "../plots/line-chart.ts";
import { costTable } from "../report/cost-table.ts";
import { counted, textTable } from "../report/text-table.ts";
import { median, pairRatios } from "../statistics.ts";

const BY_HAND = "DuckDB by hand";
const GIVEN = "dynalake, schema given";
const INFERRED = "dynalake, schema inferred";
const TRIAL_ITEMS = 1_000;

type Job = (exported: string) => Promise<Cost>;
type Jobs = Readonly<Record<string, Job>>;
type Costs = Readonly<Record<string, readonly Cost[]>>;

export async function snapshotPart(args: readonly string[]): Promise<Report> {
  const { values, positionals } = parseArgs({
    args: [...args],
    options: { baselines: { type: "boolean" } },
    allowPositionals: true,
  });
  const [items = "1000000", pairs = "3", moreSizes = ""] = positionals;
  const sizes = moreSizes.split(",").filter(Boolean).map(Number);
  return withScratchFolder(async (folder) => {
    const own = await ownJobs(folder);
    const { jobs: others, skipped } = values.baselines
      ? await baselineJobs(folder)
      : { jobs: {}, skipped: [] };
    const exported = await announcedExport(Number(items));
    const costs = await costsInTurn({ ...own, ...others }, exported, Number(pairs));
    const bySize = new Map([[Number(items), costs]]);
    for (const size of sizes) bySize.set(size, await costsOnce(own, await announcedExport(size)));
    const title = `${counted(Number(items))} items, ${pairs} pairs, medians`;
    const pieces = [
      `${title}\n${costTable(costs)}\n${ratioTable(costs)}`,
      ...skipped,
      sizes.length === 0 ? "" : `\nBy size\n${sizeTable(bySize)}`,
      `\n${stagingText(await stagingRate(exported, REVIEWS_SCHEMA))}`,
    ];
    return {
      text: pieces.filter(Boolean).join("\n"),
      ratios: {
        "given / by hand, CPU": ratiosOf(costs, GIVEN, BY_HAND, "cpuSeconds"),
        "given / by hand, memory": ratiosOf(costs, GIVEN, BY_HAND, "peakMegabytes"),
        "inferred / given, CPU": ratiosOf(costs, INFERRED, GIVEN, "cpuSeconds"),
        ...Object.fromEntries(
          Object.keys(others).map((name) => [
            `given / ${name}, wall`,
            ratiosOf(costs, GIVEN, name, "wallSeconds"),
          ]),
        ),
      },
      plots: sizes.length === 0 ? {} : { "snapshot-time": timeChart(bySize) },
    };
  });
}

function announcedExport(items: number): Promise<string> {
  console.error(`snapshot: ${counted(items)} items`);
  return reviewsExport(items);
}

async function ownJobs(folder: string): Promise<Jobs> {
  const schema = join(folder, "reviews.json");
  await writeFile(schema, JSON.stringify(REVIEWS_SCHEMA));
  const snapshot = async (exported: string, how: readonly string[]): Promise<Cost> => {
    const lake = join(folder, "lake");
    const cost = await timedDynalake("snapshot", "--from-export", exported, ...how, "--lake", lake);
    await rm(lake, { recursive: true, force: true });
    return cost;
  };
  const target = join(folder, "by-hand.parquet");
  return {
    [BY_HAND]: (exported) => timedScript("baselines/hand-written-job.ts", [exported, target]),
    [GIVEN]: (exported) => snapshot(exported, ["--schema", schema]),
    [INFERRED]: (exported) => snapshot(exported, ["--key", "User,Book"]),
  };
}

interface Baselines {
  readonly jobs: Jobs;
  /** Which ones this machine does not have, and why. */
  readonly skipped: readonly string[];
}

async function baselineJobs(folder: string): Promise<Baselines> {
  const target = (name: string): string => join(folder, `${name.replaceAll(" ", "-")}.parquet`);
  const jobs: Record<string, Job> = {
    "DuckDB auto": (exported) => timedScript("baselines/auto-job.ts", [exported, target("auto")]),
  };
  const trial = await reviewsExport(TRIAL_ITEMS);
  const skipped: string[] = [];
  for (const name of PYTHON_BASELINES) {
    const baseline = await pythonBaseline(name, { exported: trial, target: target(`trial of ${name}`) });
    if ("skippedBecause" in baseline) skipped.push(`${name}: skipped, because ${baseline.skippedBecause}`);
    else jobs[name] = (exported) => baseline.job(exported, target(name));
  }
  return { jobs, skipped };
}

function costsInTurn(jobs: Jobs, exported: string, pairs: number): Promise<Costs> {
  const bound = Object.entries(jobs).map(([name, job]) => [name, () => job(exported)] as const);
  return inTurn(Object.fromEntries(bound), pairs);
}

async function costsOnce(jobs: Jobs, exported: string): Promise<Costs> {
  const costs: Record<string, readonly Cost[]> = {};
  for (const [name, job] of Object.entries(jobs)) costs[name] = [await job(exported)];
  return costs;
}

function ratiosOf(costs: Costs, name: string, other: string, what: keyof Cost): readonly number[] {
  const all = (job: string): readonly number[] => (costs[job] ?? []).map((cost) => cost[what]);
  return pairRatios(all(name), all(other));
}

/** What each costs relative to the statement written by hand. */
function ratioTable(costs: Costs): string {
  const rows = Object.keys(costs)
    .filter((name) => name !== BY_HAND)
    .map((name) => [
      `${name} / by hand`,
      ...(["wallSeconds", "cpuSeconds", "peakMegabytes"] as const).map((what) =>
        median(ratiosOf(costs, name, BY_HAND, what)),
      ),
    ]);
  return textTable(["", "wall", "CPU", "memory"], rows);
}

/** The smallest size is the one that the others are compared with. */
function sizeTable(bySize: ReadonlyMap<number, Costs>): string {
  const sizes = [...bySize.keys()].toSorted((a, b) => a - b);
  const medianOf = (size: number, name: string, what: keyof Cost): number =>
    median((bySize.get(size)?.[name] ?? []).map((cost) => cost[what]));
  const rows = sizes.map((size) => {
    const perItem = (name: string): number => (medianOf(size, name, "cpuSeconds") / size) * 1e6;
    const [wall, peak] = (["wallSeconds", "peakMegabytes"] as const).map((what) =>
      medianOf(size, GIVEN, what),
    );
    return [
      counted(size),
      wall as number,
      peak as number,
      perItem(GIVEN),
      perItem(INFERRED),
      perItem(BY_HAND),
    ];
  });
  return textTable(
    ["items", "given: wall s", "peak MB", "CPU us/item", "inferred: us/item", "by hand: us/item"],
    rows,
  );
}

function stagingText({ megabytes, cpuSeconds, gzipSeconds }: StagingRate): string {
  const rows = [
    ["staged and compressed", cpuSeconds, megabytes / cpuSeconds],
    ["of it gzip", gzipSeconds, megabytes / gzipSeconds],
  ];
  const title = `snapshot-part on AWS, ${megabytes.toFixed(0)} MB of JSON lines on one core`;
  return `${title}\n${textTable(["", "CPU s", "MB/s"], rows)}`;
}

function timeChart(bySize: ReadonlyMap<number, Costs>): string {
  const names = new Set([...bySize.values()].flatMap((costs) => Object.keys(costs)));
  const sizes = [...bySize.keys()].toSorted((a, b) => a - b);
  const series = [...names].map((name): Series => {
    const points = sizes.flatMap((size) => {
      const costs = bySize.get(size)?.[name];
      return costs === undefined ? [] : [{ x: size, y: median(costs.map(({ wallSeconds }) => wallSeconds)) }];
    });
    return { name, points };
  });
  return lineChart({
    title: "Snapshot of an export: time against size",
    x: { label: "items", kind: "log" },
    y: { label: "seconds", kind: "log" },
    series,
  });
}
