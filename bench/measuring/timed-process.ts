/** Runs a program and tells what it cost, by the operating system's own account. Linux only. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

export interface Cost {
  readonly wallSeconds: number;
  readonly cpuSeconds: number;
  /** The largest resident set, in megabytes; the sum of them if the program starts others. */
  readonly peakMegabytes: number;
}

const SAMPLE_EVERY_MS = 20;
const TICKS_PER_SECOND = 100;
const root = fileURLToPath(new URL("../..", import.meta.url));

/** Node.js with these arguments. */
export function timedProcess(args: readonly string[]): Promise<Cost> {
  return timedProgram(process.execPath, args);
}

/** A command of dynalake. */
export function timedDynalake(...args: readonly string[]): Promise<Cost> {
  return timedProcess([`${root}bin/dynalake.js`, ...args]);
}

/** A TypeScript program of this folder. */
export function timedScript(script: string, args: readonly string[]): Promise<Cost> {
  return timedProcess(["--import", "tsx", `${root}bench/${script}`, ...args]);
}

/** What a program writes to its standard error is shown only if it fails. */
export async function timedProgram(command: string, args: readonly string[]): Promise<Cost> {
  const startMs = performance.now();
  const child = spawn(command, args, { stdio: ["ignore", "ignore", "pipe"] });
  let written = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    written += text;
  });
  const accounts = new Map<number, Account>();
  const timer = setInterval(() => void sample(child.pid as number, accounts), SAMPLE_EVERY_MS);
  const [code] = await once(child, "exit");
  clearInterval(timer);
  if (code !== 0) throw new Error(`${command} ${args.join(" ")} ended with code ${code}: ${written.trim()}`);
  const all = [...accounts.values()];
  return {
    wallSeconds: (performance.now() - startMs) / 1000,
    cpuSeconds: all.reduce((ticks, each) => ticks + each.ticks, 0) / TICKS_PER_SECOND,
    peakMegabytes: all.reduce((kilobytes, each) => kilobytes + each.peakKilobytes, 0) / 1024,
  };
}

interface Account {
  readonly ticks: number;
  readonly peakKilobytes: number;
}

/** Takes down the accounts of a process and of those that it started, as long as they can be read. */
async function sample(pid: number, accounts: Map<number, Account>): Promise<void> {
  const [status, stat, children] = await Promise.all(
    ["status", "stat", `task/${pid}/children`].map((file) => readFile(`/proc/${pid}/${file}`, "utf8")),
  ).catch(() => ["", "", ""]);
  const fields = (stat ?? "").slice((stat ?? "").lastIndexOf(")") + 2).split(" ");
  const before = accounts.get(pid) ?? { ticks: 0, peakKilobytes: 0 };
  accounts.set(pid, {
    ticks: Math.max(before.ticks, Number(fields[11] ?? 0) + Number(fields[12] ?? 0)),
    peakKilobytes: Math.max(before.peakKilobytes, Number(/VmHWM:\s+(\d+)/.exec(status ?? "")?.[1] ?? 0)),
  });
  for (const started of (children ?? "").split(" ").filter(Boolean)) await sample(Number(started), accounts);
}
