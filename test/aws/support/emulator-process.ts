/** The emulator as a child process that never outlives this one: see test/aws/emulator/__main__.py. */
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

export interface EmulatorProcess {
  readonly endpoint: string;
  /** The folder for everything it writes. */
  readonly folder: string;
  readonly logFile: string;
  /** Stops it and its Trino, and removes the folder. Idempotent. */
  stop(): Promise<void>;
}

interface Ready {
  readonly endpoint: string;
  readonly pid: number;
  readonly trinoPid: number;
}

const startSecondsMax = 60;
const stopSecondsMax = 10;
const askEveryMs = 50;
const program = join(dirname(dirname(fileURLToPath(import.meta.url))), "emulator");

/** Starts it and waits until it responds. Fails with the end of its log if it does not. */
export async function startProcess(options: { readonly iam: boolean }): Promise<EmulatorProcess> {
  const { python, trino, java } = tools();
  const folder = await mkdtemp(join(tmpdir(), "dynalake-aws-"));
  const logFile = join(folder, "emulator.log");
  const log = openSync(logFile, "w");
  const places = ["--state", folder, "--trino", trino, "--java", java];
  const child = spawn(python, [program, ...places, ...(options.iam ? ["--iam"] : [])], {
    // It stops when this pipe closes, which happens however this process ends.
    stdio: ["pipe", log, log],
    env: {
      PATH: `${dirname(process.execPath)}:/usr/bin:/bin`,
      LANG: "C.UTF-8",
      PYTHONDONTWRITEBYTECODE: "1",
    },
    // This process handles a Ctrl-C at the terminal.
    detached: true,
  });
  closeSync(log);
  const ended = new Promise<void>((resolve) => {
    child.once("error", () => resolve());
    child.once("exit", () => resolve());
  });
  child.unref();
  (child.stdin as unknown as { unref(): void }).unref();
  child.stdin?.on("error", () => undefined);
  const started: Started = { child, ended, folder, pids: [] };
  try {
    const ready = await whenReady(started);
    started.pids = [ready.pid, ready.trinoPid];
    let stopping: Promise<void> | undefined;
    const stop = () => {
      stopping ??= stopStarted(started);
      return stopping;
    };
    return { endpoint: ready.endpoint, folder, logFile, stop };
  } catch (error) {
    const said = await readFile(logFile, "utf8").catch(() => "");
    await stopStarted(started);
    throw new Error(`the AWS emulator did not start: ${said.slice(-3000)}`, { cause: error });
  }
}

interface Started {
  readonly child: ChildProcess;
  readonly ended: Promise<void>;
  readonly folder: string;
  pids: readonly number[];
}

function tools(): { python: string; trino: string; java: string } {
  const {
    DYNALAKE_AWS_PYTHON: python,
    DYNALAKE_AWS_TRINO: trino,
    DYNALAKE_AWS_JAVA: java,
  } = process.env as Record<string, string | undefined>;
  if (python === undefined || trino === undefined || java === undefined)
    throw new Error("run these tests with: npm run test:aws");
  return { python, trino, java };
}

async function whenReady(started: Started): Promise<Ready> {
  const file = join(started.folder, "ready.json");
  let isOver = false;
  void started.ended.then(() => {
    isOver = true;
  });
  for (const untilMs = Date.now() + startSecondsMax * 1000; Date.now() < untilMs && !isOver; ) {
    const text = await readFile(file, "utf8").catch(() => undefined);
    if (text !== undefined) return JSON.parse(text) as Ready;
    await sleep(askEveryMs);
  }
  throw new Error(isOver ? "it ended" : `no answer within ${startSecondsMax} seconds`);
}

async function stopStarted({ child, ended, folder, pids }: Started): Promise<void> {
  child.kill("SIGTERM");
  const late = new AbortController();
  await Promise.race([
    ended,
    sleep(stopSecondsMax * 1000, undefined, { signal: late.signal }).catch(() => undefined),
  ]);
  late.abort();
  if (child.exitCode === null && child.signalCode === null) {
    for (const pid of pids) kill(pid);
    child.kill("SIGKILL");
    await ended;
  }
  child.stdin?.destroy();
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has already ended.
  }
}
