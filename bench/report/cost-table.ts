/** The costs of programs that ran in turn, as a table. */

import type { Cost } from "../measuring/timed-process.ts";
import { median } from "../statistics.ts";
import { textTable } from "./text-table.ts";

/** A row for each program: medians. */
export function costTable(costs: Readonly<Record<string, readonly Cost[]>>): string {
  const rows = Object.entries(costs).map(([name, runs]) => [
    name,
    median(runs.map(({ wallSeconds }) => wallSeconds)),
    median(runs.map(({ cpuSeconds }) => cpuSeconds)),
    median(runs.map(({ peakMegabytes }) => peakMegabytes)),
  ]);
  return textTable(["", "wall s", "CPU s", "peak MB"], rows);
}
