/** Runs one command line. It touches nothing of the process: all that it needs comes as `io`, and its end is an exit code. */
import { resolve } from "node:path";
import { CommanderError } from "commander";
import { DynalakeError } from "../core/error.ts";
import type { CliIo } from "./context/cli-io.ts";
import { EXIT, type ExitCode } from "./context/command.ts";
import { settingsFrom } from "./context/settings.ts";
import { type Terminal, terminalOf } from "./context/terminal.ts";
import { program } from "./program.ts";

/**
 * `argv`: the arguments alone, without node and the script. Reports errors on `io.stderr` and never rejects. At an interrupt a
 * command that can end cleanly does so; any other is abandoned (EXIT.interrupted): its work goes on until the process ends.
 */
export function runCli(argv: readonly string[], io: CliIo): Promise<ExitCode> {
  const terminal = terminalOf(io);
  const interruption = new AbortController();
  let endsCleanly = false;
  let exitCode: ExitCode = EXIT.done;
  const context = {
    terminal,
    settings: settingsFrom(io.environment),
    cwd: io.cwd,
    absolute: (path: string) => resolve(io.cwd, path), // breakage: paths-from-given-folder
    interrupted: interruption.signal,
    timing: io.timing,
  };
  const dynalake = program(io, context, {
    onCommand: (command) => {
      endsCleanly = command.endsCleanly;
    },
    onExit: (code) => {
      exitCode = code;
    },
  });
  const run = async (): Promise<ExitCode> => {
    try {
      await dynalake.parseAsync(argv, { from: "user" });
      return exitCode;
    } catch (error) {
      return report(terminal, error);
    }
  };
  return new Promise((end) => {
    const onInterrupt = (): void => {
      // breakage: interrupt-waits-for-clean-end
      if (endsCleanly) interruption.abort(interrupted());
      else end(EXIT.interrupted);
    };
    io.interrupt.addEventListener("abort", onInterrupt, { once: true });
    if (io.interrupt.aborted) onInterrupt();
    else
      void run()
        .then(end)
        .finally(() => io.interrupt.removeEventListener("abort", onInterrupt));
  });
}

function interrupted(): DynalakeError {
  return new DynalakeError("INCOMPLETE", "the command was interrupted before it had ended");
}

function report(terminal: Terminal, error: unknown): ExitCode {
  terminal.settle();
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
  if (error instanceof DynalakeError) {
    terminal.note(`error ${error.code}: ${error.message}\n  -> ${error.next}`);
    return error.code === "USAGE" ? EXIT.usage : EXIT.failed;
  }
  terminal.note(`error INTERNAL: ${error instanceof Error ? error.stack : String(error)}`);
  return EXIT.failed;
}
