/** A program that runs while something else is measured, with its memory by the operating system's own account. Linux only. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";

export interface MemorySample {
  readonly atMs: number;
  readonly residentMegabytes: number;
}

export class RunningProcess {
  readonly memory: MemorySample[] = [];
  readonly #child: ChildProcess;
  readonly #timer: NodeJS.Timeout;

  constructor(args: readonly string[]) {
    this.#child = spawn(process.execPath, args, { stdio: ["ignore", "ignore", "pipe"] });
    this.#timer = setInterval(() => this.#sample(), 1_000);
  }

  /** Resolves once the program has written this to its standard error; rejects where it ends before. */
  async said(text: string): Promise<void> {
    let written = "";
    for await (const piece of this.#child.stderr ?? []) {
      written += String(piece);
      if (!written.includes(text)) continue;
      // What it writes from now on is not read by anyone, and must not hold it up.
      this.#child.stderr?.resume();
      return;
    }
    throw new Error(`the program ended without having said "${text}": ${written}`);
  }

  cpuSeconds(): number {
    const stat = readFileSync(`/proc/${this.#child.pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return (Number(fields[11]) + Number(fields[12])) / 100;
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    if (this.#child.exitCode !== null) throw new Error(`the program ended with code ${this.#child.exitCode}`);
    this.#child.kill("SIGINT");
    await once(this.#child, "exit");
  }

  #sample(): void {
    if (this.#child.exitCode !== null) return;
    const status = readFileSync(`/proc/${this.#child.pid}/status`, "utf8");
    const kilobytes = Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0);
    this.memory.push({ atMs: Date.now(), residentMegabytes: kilobytes / 1024 });
  }
}
