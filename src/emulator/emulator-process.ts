/** An emulator as a child process that never outlives this one. */
import { type ChildProcess, spawn } from "node:child_process";

export interface EmulatorProcess {
  hasEnded(): boolean;
  /** The end of its output on stderr. */
  lastWords(): string;
  stop(): Promise<void>;
}

/** How long the program may take to exit before it is killed. */
const GRACE_MS = 3_000;
const LAST_WORDS_CHARACTERS_MAX = 500;

/**
 * Runs the program next to a `cat` on a pipe from this process. The pipe closes when this process ends, even by kill -9:
 * then `cat` exits, and the shell stops the program.
 */
const GUARD_SCRIPT = `
exec 3<&0
"$@" </dev/null 3<&- &
program=$!
{ cat <&3 >/dev/null; kill "$program" 2>/dev/null; } &
exec 3<&-
wait "$program"
`;

/** Starts a program that ends with this process at the latest, and does not keep it alive. */
export function startProcess(file: string, args: readonly string[]): EmulatorProcess {
  const guarded = process.platform !== "win32";
  const child = guarded
    ? // In a process group of its own: Ctrl-C reaches this process only, and the group can be killed as a whole.
      spawn("/bin/sh", ["-c", GUARD_SCRIPT, "sh", file, ...args], {
        stdio: ["pipe", "ignore", "pipe"],
        detached: true,
      })
    : spawn(file, args, { stdio: ["pipe", "ignore", "pipe"], windowsHide: true });
  let words = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    words = (words + text).slice(-LAST_WORDS_CHARACTERS_MAX);
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
  // Writing to a program that has ended is an error, which can be ignored here.
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
      const timer = setTimeout(killNow, GRACE_MS);
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
    // It has already ended.
  }
}
