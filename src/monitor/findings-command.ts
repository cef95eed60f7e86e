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
  { cwd, environment, millisecondsMax = RUN_MS_MAX, stop }: CommandPlace & { readonly stop: AbortSignal },
): Promise<void> {
  const { DYNALAKE_MASK_KEY: _key, DYNALAKE_WEBHOOK_URL: _url, ...env } = environment;
  return new Promise((resolve, reject) => {
    const stdio: ["pipe", "ignore", "ignore"] = ["pipe", "ignore", "ignore"];
    // Not by spawn's own timeout, whose timer keeps the process alive after a program that is missing.
    const signal = AbortSignal.any([stop, AbortSignal.timeout(millisecondsMax)]);
    const limits = { signal, killSignal: "SIGKILL" } as const;
    const child = spawn(program, args, { cwd, env, stdio, ...limits }); // breakage: commands-get-no-secrets
    child.once("error", (error: NodeJS.ErrnoException) =>
      reject(new Error(error.name === "AbortError" ? "it did not end in time" : (error.code ?? "it failed"))),
    );
    child.once("close", (code, endedBy) => {
      if (code === 0) resolve();
      else reject(new Error(endedBy === null ? `exit code ${code}` : `ended by ${endedBy}`));
    });
    // A command that does not read its input is no failure.
    child.stdin.on("error", () => undefined).end(input);
  });
}
