/** Findings for a command of this machine, as JSON on its standard input. No shell reads it. */
import { spawn } from "node:child_process";
import type { FindingsReceiver } from "./findings-sender.ts";

const RUN_MS_MAX = 30_000;

export interface CommandPlace {
  readonly cwd: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Longer runs are killed. */
  readonly millisecondsMax?: number;
}

/** `words`: the program and its arguments. */
export function findingsCommand(words: readonly string[], place: CommandPlace): FindingsReceiver {
  const [program = "", ...args] = words;
  return {
    name: `the command ${program}`,
    send: (message, stop) => ended(program, args, JSON.stringify(message), { ...place, stop }),
  };
}

function ended(
  program: string,
  args: readonly string[],
  input: string,
  {
    cwd,
    environment,
    millisecondsMax: timeout = RUN_MS_MAX,
    stop,
  }: CommandPlace & { readonly stop: AbortSignal },
): Promise<void> {
  const { DYNALAKE_MASK_KEY: _key, DYNALAKE_WEBHOOK_URL: _url, ...env } = environment;
  return new Promise((resolve, reject) => {
    const stdio: ["pipe", "ignore", "ignore"] = ["pipe", "ignore", "ignore"];
    const limits = { timeout, signal: stop, killSignal: "SIGKILL" } as const;
    const child = spawn(program, args, { cwd, env, stdio, ...limits }); // breakage: commands-get-no-secrets
    child.once("error", (error: NodeJS.ErrnoException) => reject(new Error(error.code ?? "it failed")));
    child.once("close", (code, signal) => {
      if (code === 0) resolve();
      else reject(new Error(signal === null ? `exit code ${code}` : `ended by ${signal}`));
    });
    // A command that does not read its input is no failure.
    child.stdin.on("error", () => undefined).end(input);
  });
}
