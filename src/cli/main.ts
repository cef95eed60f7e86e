/** The process around the command line: arguments, streams, signals and the exit code. Nothing else here touches `process`. */
import { removeTemporaryFolders } from "../files/temporary-folder.ts";
import { systemTiming } from "../sdk/timing.ts";
import { EXIT } from "./context/command.ts";
import { runCli } from "./run-cli.ts";

/** SIGHUP comes when a terminal is closed. */
const INTERRUPTS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
type Interrupt = (typeof INTERRUPTS)[number];

const interruption = new AbortController();

/** The first interrupt asks for a clean end, the second ends the process at once. Nothing is lost either way. */
function onInterrupt(signal: Interrupt): void {
  if (interruption.signal.aborted) dieBy(signal);
  interruption.abort(signal);
}

/** The system ends the process by the signal, whatever runs in it: `process.exit` would wait for a statement of the engine. */
function dieBy(signal: Interrupt): void {
  removeTemporaryFolders();
  for (const each of INTERRUPTS) process.removeListener(each, onInterrupt);
  process.kill(process.pid, signal); // breakage: interrupted-process-dies
}

for (const signal of INTERRUPTS) process.on(signal, onInterrupt);
// A reader that has seen enough (`dynalake items | head`) is not a failure.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  process.exit(error.code === "EPIPE" ? EXIT.done : EXIT.failed);
});
// The reader of the notes may go away; the work continues.
process.stderr.on("error", () => undefined);

const exitCode = await runCli(process.argv.slice(2), {
  cwd: process.cwd(),
  environment: process.env,
  useAwsSettings: ({ AWS_REGION, AWS_PROFILE }) => {
    if (AWS_REGION !== undefined) process.env.AWS_REGION = AWS_REGION;
    if (AWS_PROFILE !== undefined) process.env.AWS_PROFILE = AWS_PROFILE;
  },
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  interrupt: interruption.signal,
  timing: systemTiming,
});
// Work that was cut short dies by its signal, so that a shell's loop and a service manager see an interrupt.
if (exitCode === EXIT.interrupted) dieBy(interruption.signal.reason as Interrupt);
else process.exitCode = exitCode;
