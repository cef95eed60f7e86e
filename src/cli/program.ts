/** The program that carries out a command line. */
import { readFileSync } from "node:fs";
import { Command } from "commander";
import type { CliIo } from "./context/cli-io.ts";
import type { CommandContext, ExitCode } from "./context/command.ts";
import { declareCommands, type Runs } from "./declare-commands.ts";

/** The commands that end cleanly at an interrupt. */
const ENDS_CLEANLY: ReadonlySet<string> = new Set(["run", "snapshot"]);
/** The commands that do so on a deployment, where their statements would otherwise keep running, and costing money. */
const END_CLEANLY_ON_STACKS: ReadonlySet<string> = new Set([
  "snapshot",
  "compact",
  "query",
  "status",
  "items",
  "replay",
  "verify",
]);

/** What happens as a command line is carried out. */
export interface ProgramEvents {
  /** Before the command begins. `endsCleanly`: it watches for an interrupt and ends by itself. */
  readonly onCommand: (command: { readonly endsCleanly: boolean }) => void;
  readonly onExit: (code: ExitCode) => void;
}

/** The program, which throws CommanderError in place of exiting. */
export function program(io: CliIo, context: CommandContext, { onCommand, onExit }: ProgramEvents): Command {
  const runs: Runs =
    (work) =>
    async (...args) =>
      onExit(await (work as (...all: unknown[]) => Promise<ExitCode>)(context, ...args));
  const dynalake = new Command("dynalake")
    .description("Keeps DynamoDB tables queryable with SQL, as a copy you can verify.")
    .version(version())
    .showHelpAfterError("  -> Run it with --help to see all options.")
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void io.stdout.write(text),
      writeErr: (text) => void io.stderr.write(text),
      outputError: (text, write) => write(text.replace(/^error: /, "error USAGE: ")),
      getOutHelpWidth: () => helpWidth(io.stdout),
      getErrHelpWidth: () => helpWidth(io.stderr),
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
    .hook("preAction", (_, command) => {
      const onStack = command.opts().stack !== undefined;
      const endCleanly = onStack ? END_CLEANLY_ON_STACKS : ENDS_CLEANLY;
      onCommand({ endsCleanly: endCleanly.has(command.name()) });
    });
  declareCommands(dynalake, runs);
  return dynalake;
}

/** Without a terminal commander takes 80 characters. */
function helpWidth({ isTTY, columns }: CliIo["stdout"]): number {
  return (isTTY === true ? columns : undefined) ?? 80;
}

function version(): string {
  const file = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  return (JSON.parse(file) as { readonly version: string }).version;
}
