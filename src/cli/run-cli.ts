/** Runs one command line. It touches nothing of the process: all that it needs comes as `io`, and its end is an exit code. */
import { resolve } from "node:path";
import { CommanderError } from "commander";
import { DynalakeError } from "../core/error.ts";
import type { CliIo } from "./context/cli-io.ts";
import { EXIT, type ExitCode } from "./context/command.ts";
import { settingsFrom } from "./context/settings.ts";
import { type Terminal, terminalOf } from "./context/terminal.ts";
import { dynalakeVersion } from "./dynalake-version.ts";
import { HELP, program } from "./program.ts";

/**
 * `argv`: the arguments alone, without node and the script. Reports errors on `io.stderr` and never rejects. At an interrupt a
 * command that can end cleanly gets a moment to do so. Any other, and one that does not end in time, is abandoned: its work
 * continues until the process ends. Work that was cut short either way is EXIT.interrupted.
 */
export function runCli(argv: readonly string[], io: CliIo): Promise<ExitCode> {
  const terminal = terminalOf(io);
  const asJson = wantsJson(argv);
  const interruption = new AbortController();
  let graceMs = 0;
  let exitCode: ExitCode = EXIT.done;
  const context = {
    version: dynalakeVersion(),
    terminal,
    settings: settingsFrom(io.environment),
    cwd: io.cwd,
    absolute: (path: string) => resolve(io.cwd, path), // breakage: paths-from-given-folder
    interrupted: interruption.signal,
    timing: io.timing,
    stdin: io.stdin,
    stdout: io.stdout,
  };
  const dynalake = program(io, context, {
    showsErrors: !asJson,
    onCommand: (command) => {
      graceMs = command.graceMs;
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
      const code = report(terminal, error, asJson);
      return interruption.signal.aborted && error instanceof DynalakeError ? EXIT.interrupted : code;
    }
  };
  const ended = new AbortController();
  return new Promise((end) => {
    const onInterrupt = (): void => {
      interruption.abort(interrupted());
      // breakage: interrupt-waits-for-clean-end
      if (graceMs === 0) end(EXIT.interrupted);
      // breakage: interrupt-waits-not-for-ever
      else void io.timing.sleep(graceMs, ended.signal).then(() => end(EXIT.interrupted));
    };
    io.interrupt.addEventListener("abort", onInterrupt, { once: true });
    if (io.interrupt.aborted) onInterrupt();
    else
      void run()
        .then(end)
        .finally(() => {
          ended.abort();
          io.interrupt.removeEventListener("abort", onInterrupt);
        });
  });
}

function interrupted(): DynalakeError {
  return new DynalakeError("INCOMPLETE", "the command was interrupted before it had ended");
}

/** Whether results are for a program: it gets errors in JSON, too, as one line of standard error. */
function wantsJson(argv: readonly string[]): boolean {
  return argv.some(
    (word, i) =>
      word === "--json" || word === "--format=json" || (word === "json" && argv[i - 1] === "--format"),
  );
}

function report(terminal: Terminal, error: unknown, asJson: boolean): ExitCode {
  terminal.settle();
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return EXIT.done;
    if (asJson) terminal.note(errorJson("USAGE", error.message.replace(/^error: /, ""), HELP));
    return EXIT.usage;
  }
  if (error instanceof DynalakeError) {
    const { code, message, next } = error;
    terminal.note(asJson ? errorJson(code, message, next) : `error ${code}: ${message}\n  -> ${next}`);
    return code === "USAGE" ? EXIT.usage : EXIT.failed;
  }
  const text = error instanceof Error ? String(error.stack) : String(error);
  terminal.note(asJson ? errorJson("INTERNAL", text) : `error INTERNAL: ${text}`);
  return EXIT.failed;
}

function errorJson(code: string, message: string, next?: string): string {
  return JSON.stringify({ error: { code, message, next } });
}
