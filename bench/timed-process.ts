/** Runs a program and tells what it cost, by the operating system's own account. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";

export interface Cost {
  readonly wallSeconds: number;
  readonly cpuSeconds: number;
  /** The largest resident set, in megabytes. */
  readonly peakMegabytes: number;
}

/** Linux only: the account is read from /proc while the program runs. */
export async function timedProcess(args: readonly string[]): Promise<Cost> {
  const startMs = performance.now();
  const child = spawn(process.execPath, args, { stdio: ["ignore", "ignore", "inherit"] });
  let peakKilobytes = 0;
  let ticks = 0;
  const sample = async (): Promise<void> => {
    const [status, stat] = await Promise.all([
      readFile(`/proc/${child.pid}/status`, "utf8"),
      readFile(`/proc/${child.pid}/stat`, "utf8"),
    ]).catch(() => ["", ""]);
    peakKilobytes = Math.max(peakKilobytes, Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0));
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    ticks = Math.max(ticks, Number(fields[11] ?? 0) + Number(fields[12] ?? 0));
  };
  const timer = setInterval(() => void sample(), 20);
  const [code] = await once(child, "exit");
  clearInterval(timer);
  if (code !== 0) throw new Error(`${args[0]} ended with code ${code}`);
  return {
    wallSeconds: (performance.now() - startMs) / 1000,
    cpuSeconds: ticks / 100,
    peakMegabytes: peakKilobytes / 1024,
  };
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
