/** The process around the command line: arguments, streams, signals and the exit code. Nothing else here touches `process`. */
import { systemTiming } from "../sdk/timing.ts";
import { EXIT } from "./context/command.ts";
import { runCli } from "./run-cli.ts";

const EXIT_CODES = { SIGINT: 130, SIGTERM: 143 } as const;
type Interrupt = keyof typeof EXIT_CODES;

const interruption = new AbortController();

/** The first interrupt asks for a clean end, the second ends the process at once. Nothing is lost either way. */
function onInterrupt(signal: Interrupt): void {
  if (interruption.signal.aborted) process.exit(EXIT_CODES[signal]);
  interruption.abort(signal);
}

process.on("SIGINT", onInterrupt);
process.on("SIGTERM", onInterrupt);
// A reader that has seen enough (`dynalake items | head`) is not a failure.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  process.exit(error.code === "EPIPE" ? EXIT.done : EXIT.failed);
});
// The reader of the notes may go away; the work continues.
process.stderr.on("error", () => undefined);

const exitCode = await runCli(process.argv.slice(2), {
  cwd: process.cwd(),
  environment: process.env,
  stdout: process.stdout,
  stderr: process.stderr,
  interrupt: interruption.signal,
  timing: systemTiming,
});
// Only a command that was abandoned is cut short; any other ends by itself once its output is written.
if (exitCode === EXIT.interrupted) process.exit(EXIT_CODES[interruption.signal.reason as Interrupt]);
process.exitCode = exitCode;
