/**
 * All benchmarks in one run: `npm run bench -- [options]`.
 *
 *   --quick        two to three minutes: compares with bench/kept-ratios.json, and fails if a ratio got worse
 *   --factor 1.25  how much worse a ratio may be beyond the noise
 *   --keep         with --quick: keeps the ratios of this run from now on
 *   --scale 1      of a whole run: multiplies its sizes; 1 takes more than an hour
 *   --only a,b     these parts alone
 *   --write-docs   of a whole run: writes the figures of docs/performance.md and docs/plots
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { loadavg } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import type { Report } from "./part.ts";
import { writeFigures, writePlots } from "./report/figures-document.ts";
import {
  failuresOf,
  type KeptRatios,
  keptRatiosText,
  movementsOf,
  movementTable,
  type Ratios,
  unmatchedRatios,
} from "./report/kept-ratios.ts";
import { machineLine, versionsLine } from "./report/machine.ts";
import { textTable } from "./report/text-table.ts";
import { type PartRun, QUICK_RUN, wholeRun } from "./run-sizes.ts";
import { median, rangeOf } from "./statistics.ts";

const { values: options } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    keep: { type: "boolean", default: false },
    factor: { type: "string", default: "1.25" },
    scale: { type: "string", default: "1" },
    only: { type: "string" },
    "write-docs": { type: "boolean", default: false },
  },
});
const pathOf = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url));
const keptPath = pathOf("bench/kept-ratios.json");

const startMs = performance.now();
console.log(`${machineLine()}; ${versionsLine()}; load average ${loadavg()[0]?.toFixed(1)}`);
const reports = await reportsOf(chosen(options.quick ? QUICK_RUN : wholeRun(Number(options.scale))));
const ratios = ratiosOf(reports);
if (options.quick) await compare(ratios);
else await tell(reports, ratios);
console.log(`\n${((performance.now() - startMs) / 60_000).toFixed(1)} minutes`);

function chosen(runs: readonly PartRun[]): readonly PartRun[] {
  const names = options.only?.split(",");
  const unknown = names?.find((name) => runs.every((run) => run.name !== name));
  if (unknown !== undefined)
    throw new Error(`"${unknown}" is not one of ${runs.map(({ name }) => name).join(", ")}`);
  return runs.filter(({ name }) => names?.includes(name) ?? true);
}

/** Each part in a process of its own, so that none runs on what another one left in memory. */
async function reportsOf(runs: readonly PartRun[]): Promise<ReadonlyMap<PartRun, Report>> {
  const all = new Map<PartRun, Report>();
  for (const run of runs) {
    console.log(`\n## ${run.name} ${run.args.join(" ")}`);
    const partStartMs = performance.now();
    const report = await reportOf(run);
    console.log(`(${((performance.now() - partStartMs) / 1_000).toFixed(0)} s)`);
    if (report !== undefined) all.set(run, report);
  }
  return all;
}

/** The part prints its own tables. If it fails, the other parts still run. */
async function reportOf({ name, args }: PartRun): Promise<Report | undefined> {
  const child = fork(pathOf("bench/run-part.ts"), [name, ...args], { execArgv: ["--import", "tsx"] });
  let report: Report | undefined;
  child.once("message", (message: Report) => {
    report = message;
    child.disconnect();
  });
  const [code] = await once(child, "exit");
  if (code === 0 && report !== undefined) return report;
  console.error(`${name} failed with exit code ${code}`);
  process.exitCode = 1;
  return undefined;
}

function ratiosOf(all: ReadonlyMap<PartRun, Report>): Ratios {
  return Object.fromEntries(
    [...all].flatMap(([{ name }, report]) =>
      Object.entries(report.ratios).map(([ratio, values]) => [`${name}: ${ratio}`, values.map(rounded)]),
    ),
  );
}

function rounded(value: number): number {
  return Number(value.toPrecision(4));
}

async function compare(now: Ratios): Promise<void> {
  if (options.keep) {
    const kept: KeptRatios = { machine: machineLine(), versions: versionsLine(), ratios: now };
    await writeFile(keptPath, keptRatiosText(kept));
    console.log(`\nKept ${Object.keys(now).length} ratios in ${keptPath}`);
    return;
  }
  const kept = JSON.parse(await readFile(keptPath, "utf8")) as KeptRatios;
  const movements = movementsOf(kept.ratios, now);
  const factorMax = Number(options.factor);
  const failures = failuresOf(movements, factorMax);
  console.log(`\nKept: ${kept.machine}; ${kept.versions}`);
  console.log(movementTable(movements));
  if (options.only === undefined) for (const line of unmatchedRatios(kept.ratios, now)) console.log(line);
  if (failures.length === 0) console.log(`\nNo ratio is more than ${factorMax} times worse beyond the noise`);
  else {
    console.log(`\nMore than ${factorMax} times worse beyond the noise:`);
    for (const { name } of failures) console.log(`  ${name}`);
    process.exitCode = 1;
  }
}

async function tell(all: ReadonlyMap<PartRun, Report>, now: Ratios): Promise<void> {
  const rows = Object.entries(now).map(([name, values]) => {
    const { low, high } = rangeOf(values);
    return [name, median(values), low, high];
  });
  console.log(`\n${textTable(["ratio", "median", "lowest", "highest"], rows)}`);
  const docs = pathOf("docs");
  if (options["write-docs"]) await writeFigures(docs, all);
  else await writePlots(pathOf(".cache/bench/plots"), all.values());
  const where = options["write-docs"] ? "docs/performance.md and docs/plots" : ".cache/bench/plots";
  console.log(`\nThe figures are in ${where}`);
}
