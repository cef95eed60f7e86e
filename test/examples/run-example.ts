/** Runs a compiled example as a process of its own, at the root, where its default paths lead from. */
import { type ChildProcess, spawn } from "node:child_process";
import { devNull } from "node:os";
import { root } from "./built-package.ts";

export interface RunningExample {
  /** Standard output, once the process has ended well. Rejects with standard error if it has not. */
  readonly ended: Promise<string>;
  /** Resolves once standard output has this text. Rejects if the process ends without it. */
  printed(text: string): Promise<void>;
  /** Presses Ctrl-C. */
  interrupt(): void;
}

/** A process that hangs is killed, so that its test says what it printed. */
const SECONDS_MAX = 45;
/** The settings of this machine do not affect it. */
const ENVIRONMENT = {
  PATH: process.env.PATH,
  AWS_CONFIG_FILE: devNull,
  AWS_SHARED_CREDENTIALS_FILE: devNull,
  AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true",
};

export function startExample(
  file: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): RunningExample {
  const child = spawn(process.execPath, [file, ...args], {
    cwd: root,
    env: { ...ENVIRONMENT, ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const output = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const)
    child[name].setEncoding("utf8").on("data", (text: string) => {
      output[name] += text;
    });
  const timer = setTimeout(() => child.kill("SIGKILL"), SECONDS_MAX * 1000);
  const ended = new Promise<string>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => {
      clearTimeout(timer);
      if (code === 0) resolve(output.stdout);
      else reject(new Error(`${file} ended with ${signal ?? code}:\n${output.stdout}\n${output.stderr}`));
    });
  });
  return {
    ended,
    printed: (text) => Promise.race([shown(child, () => output.stdout, text), failed(ended, text)]),
    interrupt: () => void child.kill("SIGINT"),
  };
}

export function runExample(
  file: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<string> {
  return startExample(file, args, environment).ended;
}

function shown(child: ChildProcess, stdout: () => string, text: string): Promise<void> {
  return new Promise((resolve) => {
    const look = (): void => {
      if (stdout().includes(text)) resolve();
    };
    child.stdout?.on("data", look);
    look();
  });
}

async function failed(ended: Promise<string>, text: string): Promise<never> {
  throw new Error(`it ended without printing "${text}":\n${await ended}`);
}
