/**
 * The command line as a process of its own, from the bundle: for what only a process has, such as signals, pipes, locks and
 * deaths. Everything else is faster inside the test's process (test/support/cli.ts).
 */
import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { type CliOptions, cliEnvironment, type Ended, type Running, SECONDS_MAX } from "./cli.ts";

const BIN = fileURLToPath(new URL("../../bin/dynalake.js", import.meta.url));

export interface RunningProcess extends Running {
  readonly pid: number;
  signal(name: NodeJS.Signals): void;
  /** Closes the pipe of standard output once something has come out of it, as `head -1` does. */
  stopReading(): void;
}

/** Starts a command and does not wait for it. No setting of this machine's reaches it. */
export function startDynalakeProcess(args: readonly string[], options: CliOptions = {}): RunningProcess {
  const beganMs = performance.now();
  const child = spawn(process.execPath, [BIN, ...args], {
    stdio: ["ignore", "pipe", "pipe"],
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    env: cliEnvironment(options.env),
  });
  const said = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name].setEncoding("utf8").on("data", (text: string) => {
      said[name] += text;
    });
  }
  const timer = setTimeout(() => child.kill("SIGKILL"), (options.secondsMax ?? SECONDS_MAX) * 1000);
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => {
      clearTimeout(timer);
      resolve({ code, signal, ...said, seconds: (performance.now() - beganMs) / 1000 });
    });
  });
  return {
    pid: child.pid as number,
    ended,
    told: (text) => told(child, () => said.stderr, text),
    signal: (name) => void child.kill(name),
    stopReading: () => child.stdout.once("data", () => child.stdout.destroy()),
  };
}

function told(child: ChildProcess, stderr: () => string, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const look = (): void => {
      if (stderr().includes(text)) resolve();
    };
    child.stderr?.on("data", look);
    child.once("close", () => reject(new Error(`It ended without telling "${text}": ${stderr()}`)));
    look();
  });
}

/** Runs a command to its end, whatever that is. */
export function dynalakeProcess(args: readonly string[], options: CliOptions = {}): Promise<Ended> {
  return startDynalakeProcess(args, options).ended;
}
