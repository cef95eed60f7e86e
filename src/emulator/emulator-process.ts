import { type ChildProcess, spawn } from "node:child_process";

export interface EmulatorProcess {
  hasEnded(): boolean;
  /** The end of what it wrote to stderr. */
  lastWords(): string;
  stop(): Promise<void>;
}

/** Time to end by itself after it was asked to, before it is killed. */
const graceMs = 3_000;
const lastWordsMax = 500;

/**
 * Runs the program and, beside it, a `cat` on a pipe from this process. The pipe closes when this process ends, in
 * whatever way, kill -9 included; `cat` ends with it, and the shell then ends the program.
 */
const guardScript = `
exec 3<&0
"$@" </dev/null 3<&- &
program=$!
{ cat <&3 >/dev/null; kill "$program" 2>/dev/null; } &
exec 3<&-
wait "$program"
`;

/** Starts a program that lives no longer than this process, and does not keep it alive either. */
export function startProcess(file: string, args: readonly string[]): EmulatorProcess {
  const guarded = process.platform !== "win32";
  const child = guarded
    ? // Its own process group: a Ctrl-C at the terminal is for us to act on, and the group can be killed as a whole.
      spawn("/bin/sh", ["-c", guardScript, "sh", file, ...args], {
        stdio: ["pipe", "ignore", "pipe"],
        detached: true,
      })
    : spawn(file, args, { stdio: ["pipe", "ignore", "pipe"], windowsHide: true });
  let words = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    words = (words + text).slice(-lastWordsMax);
  });
  const ended = new Promise<void>((resolve) => {
    child.once("error", (error) => {
      words = error.message;
      resolve();
    });
    child.once("exit", () => resolve());
  });
  let over = false;
  void ended.then(() => {
    over = true;
    child.stdin.destroy();
  });
  // A pipe to a program that has ended reports so with an error that means nothing here.
  child.stdin.on("error", () => undefined);
  child.unref();
  for (const pipe of [child.stdin, child.stderr]) (pipe as unknown as { unref(): void }).unref();
  const killNow = () => kill(child, guarded);
  if (!guarded) process.once("exit", killNow);
  return {
    hasEnded: () => over,
    lastWords: () => words.trim().replaceAll(/\s+/g, " "),
    stop: async () => {
      if (over) return;
      child.stdin.end();
      if (!guarded) child.kill();
      child.ref();
      const timer = setTimeout(killNow, graceMs);
      await ended;
      clearTimeout(timer);
      process.removeListener("exit", killNow);
    },
  };
}

function kill(child: ChildProcess, guarded: boolean): void {
  if (child.pid === undefined) return;
  try {
    process.kill(guarded ? -child.pid : child.pid, "SIGKILL");
  } catch {
    // It is gone already.
  }
}
