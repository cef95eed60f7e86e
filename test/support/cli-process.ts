/**
 * Runs the bundled command line as a process, for tests of what only a process has: signals, pipes, locks and crashes. Other tests
 * run it inside their own process, which is faster (test/support/cli.ts).
 */
import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { type CliOptions, cliEnvironment, type Ended, type Running, SECONDS_MAX } from "./cli.ts";

const BIN = fileURLToPath(new URL("../../bin/dynalake.js", import.meta.url));

export interface RunningProcess extends Running {
  readonly pid: number;
  /** Resolves once standard output has the text, with all of it. */
  printed(text: string): Promise<string>;
  signal(name: NodeJS.Signals): void;
  /** Closes the pipe of standard output after the first output, as `head -1` does. */
  stopReading(): void;
}

/** Starts a command, without waiting for it. The settings of this machine do not affect it. */
export function startDynalakeProcess(args: readonly string[], options: CliOptions = {}): RunningProcess {
  const beganMs = performance.now();
  const child = spawn(process.execPath, [BIN, ...args], {
    stdio: "pipe",
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    env: cliEnvironment(options.env),
  });
  // A command that ends before it has read all is no failure of the test.
  child.stdin.on("error", () => undefined).end(options.stdin);
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
    told: (text) => told(child, "stderr", () => said.stderr, text),
    printed: async (text) => {
      await told(child, "stdout", () => said.stdout, text);
      return said.stdout;
    },
    signal: (name) => void child.kill(name),
    stopReading: () => child.stdout.once("data", () => child.stdout.destroy()),
  };
}

function told(
  child: ChildProcess,
  stream: "stdout" | "stderr",
  said: () => string,
  text: string,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const look = (): void => {
      if (said().includes(text)) resolve();
    };
    child[stream]?.on("data", look);
    child.once("close", () => reject(new Error(`It ended without telling "${text}": ${said()}`)));
    look();
  });
}

/** Runs a command to its end, whether it succeeds or fails. */
export function dynalakeProcess(args: readonly string[], options: CliOptions = {}): Promise<Ended> {
  return startDynalakeProcess(args, options).ended;
}
