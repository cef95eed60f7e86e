/** What every command gets, and how it ends. */
import type { Timing } from "../../sdk/timing.ts";
import type { CliInput, CliOutput } from "./cli-io.ts";
import type { Settings } from "./settings.ts";
import type { Terminal } from "./terminal.ts";

export interface CommandContext {
  /** Of dynalake. */
  readonly version: string;
  /** The folder that relative paths are relative to. */
  readonly cwd: string;
  readonly terminal: Terminal;
  readonly settings: Settings;
  /** As the process has it: `settings` is what follows from it. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The absolute path of a path that the user gave. Messages show it as it was given. */
  readonly absolute: (path: string) => string;
  readonly timing: Timing;
  readonly stdin: CliInput;
  /** For a prompt, which reads and writes there by itself. Anything else is printed on `terminal`. */
  readonly stdout: CliOutput;
  /** Aborted by the first interrupt: a command that can end cleanly does so then. */
  readonly interrupted: AbortSignal;
}

/** Exit codes that scripts rely on; docs/operations.md lists them. */
const codes = {
  done: 0,
  failed: 1,
  usage: 2,
  /** The command did its work, but records were put into quarantine, changes were found to be lost, or not all was proved. */
  incomplete: 3,
  /** `verify` found differences, `doctor` a contradiction. */
  different: 4,
  /** An interrupt cut the work short. The process then dies by the signal: 129, 130 or 143 in a shell. */
  interrupted: 130,
} as const;

export const EXIT: typeof codes = codes;

export type ExitCode = (typeof codes)[keyof typeof codes];
