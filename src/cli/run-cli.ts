/** Runs one command line. It touches nothing of the process: all that it needs comes as `io`, and its end is an exit code. */
import { resolve } from "node:path";
import { CommanderError } from "commander";
import { DynalakeError } from "../core/error.ts";
import type { CliIo } from "./context/cli-io.ts";
import { EXIT, type ExitCode } from "./context/command.ts";
import { type Terminal, terminalOf } from "./context/terminal.ts";
import { dynalakeVersion } from "./dynalake-version.ts";
import { HELP, program } from "./program.ts";
import { logLine } from "./reports/log-line.ts";

/**
 * `argv`: the arguments alone, without node and the script. Reports errors on `io.stderr` and never rejects. At an interrupt a
 * command that can end cleanly gets a moment to do so. Any other, and one that does not end in time, is abandoned: its work
 * continues until the process ends. Work that was cut short either way is EXIT.interrupted.
 */
export function runCli(argv: readonly string[], io: CliIo): Promise<ExitCode> {
  const terminal = terminalOf(io);
  let form = errorForm(argv);
  const interruption = new AbortController();
  let graceMs = 0;
  let exitCode: ExitCode = EXIT.done;
  const context = {
    version: dynalakeVersion(),
    terminal,
    environment: io.environment,
    cwd: io.cwd,
    absolute: (path: string) => resolve(io.cwd, path), // breakage: paths-from-given-folder
    interrupted: interruption.signal,
    timing: io.timing,
    stdin: io.stdin,
    stdout: io.stdout,
  };
  const dynalake = program(io, context, {
    showsErrors: form === "text",
    onCommand: (command) => {
      graceMs = command.graceMs;
      if (command.logsJson) form = "log"; // breakage: fatal-error-in-the-form-of-the-log
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
      const code = report(terminal, error, form, io.timing.nowMs());
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

/** text: for people. json: results are for a program, which gets errors in one line. log: so does a program that reads the log. */
type ErrorForm = "text" | "json" | "log";

function errorForm(argv: readonly string[]): ErrorForm {
  const isGiven = (option: string): boolean =>
    argv.some((word, i) => word === `${option}=json` || (word === "json" && argv[i - 1] === option));
  if (isGiven("--log-format")) return "log";
  return argv.includes("--json") || isGiven("--format") ? "json" : "text";
}

function report(terminal: Terminal, error: unknown, form: ErrorForm, nowMs: number): ExitCode {
  terminal.settle();
  const tell = (code: string, message: string, next?: string): void => {
    if (form === "text") terminal.note(errorText(code, message, next));
    else if (form === "json") terminal.note(JSON.stringify({ error: { code, message, next } }));
    else terminal.note(logLine("error", "failed", message, { nowMs, fields: { code, next } }));
  };
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return EXIT.done;
    if (form !== "text") tell("USAGE", error.message.replace(/^error: /, ""), HELP);
    return EXIT.usage;
  }
  if (error instanceof DynalakeError) {
    tell(error.code, error.message, error.next);
    return error.code === "USAGE" ? EXIT.usage : EXIT.failed;
  }
  tell("INTERNAL", error instanceof Error ? String(error.stack) : String(error));
  return EXIT.failed;
}

function errorText(code: string, message: string, next: string | undefined): string {
  return `error ${code}: ${message}${next === undefined ? "" : `\n  -> ${next}`}`;
}
