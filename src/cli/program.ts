/** The program that carries out a command line. */
import type { Command } from "commander";
import { defined } from "../core/defined.ts";
import { CliCommand } from "./cli-command.ts";
import { applySettings } from "./context/applied-settings.ts";
import type { CliIo } from "./context/cli-io.ts";
import type { CommandContext, ExitCode } from "./context/command.ts";
import { type Settings, settingsFrom, settingsLayers } from "./context/settings.ts";
import { declareCommands } from "./declare-commands.ts";
import type { Runs } from "./runs.ts";

/** How long commands that end cleanly at an interrupt may take for it, in milliseconds; the others have none. */
const GRACE_MS: ReadonlyMap<string, number> = new Map([
  ["run", 900],
  ["snapshot", 900],
  ["ui", 900],
  ["sql", 900],
]);
/** On a deployment, whose statements would otherwise keep running, and costing money. */
const STACK_GRACE_MS = 5_000;
const END_CLEANLY_ON_STACKS: ReadonlySet<string> = new Set([
  "snapshot",
  "compact",
  "query",
  "status",
  "items",
  "replay",
  "verify",
  "doctor",
]);

/** Commands that change a lake or a table say which settings they took from a file. */
const WRITING: ReadonlySet<string> = new Set([
  "snapshot",
  "run",
  "replay",
  "compact",
  "vacuum",
  "restore",
  "apply",
  "drop",
]);

/** The next step after an invalid command line. */
export const HELP = "Run it with --help to see all options.";

/** What happens as a command line is carried out. */
export interface ProgramEvents {
  /** Whether an invalid command line is shown with its help; otherwise only CommanderError reports it. */
  readonly showsErrors: boolean;
  /**
   * Before the command begins. `graceMs`: how long it may take to end by itself at an interrupt; 0 where it does not.
   * `logsJson`: whether its log is for a program, by an option or by the settings.
   */
  readonly onCommand: (command: { readonly graceMs: number; readonly logsJson: boolean }) => void;
  readonly onExit: (code: ExitCode) => void;
}

/** The program, which throws CommanderError in place of exiting. */
export function program(
  io: CliIo,
  context: Omit<CommandContext, "settings">,
  { showsErrors, onCommand, onExit }: ProgramEvents,
): Command {
  let settings: Settings | undefined;
  const runs: Runs =
    (work) =>
    async (...args) =>
      onExit(await (work as (...all: unknown[]) => Promise<ExitCode>)({ ...context, settings }, ...args));
  const dynalake = new CliCommand("dynalake")
    .description("Keeps DynamoDB tables queryable with SQL, as a copy you can verify.")
    .version(context.version, "-v, --version")
    .showHelpAfterError(showsErrors && `  -> ${HELP}`)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void io.stdout.write(text),
      writeErr: (text) => void io.stderr.write(text),
      outputError: (text, write) => {
        if (showsErrors) write(text.replace(/^error: /, "error USAGE: "));
      },
      getOutHelpWidth: () => helpWidth(io.stdout),
      getErrHelpWidth: () => helpWidth(io.stderr),
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
    .hook("preAction", (_, command) => {
      const name = command.name();
      settings = settled(command, io, context);
      const { stack, logFormat } = command.opts();
      const onStackMs = END_CLEANLY_ON_STACKS.has(name) ? STACK_GRACE_MS : 0;
      const graceMs = stack === undefined ? (GRACE_MS.get(name) ?? 0) : onStackMs;
      onCommand({ graceMs, logsJson: logFormat === "json" });
    });
  declareCommands(dynalake, runs);
  return dynalake;
}

/** What holds for a command, which gets its options from settings where the command line does not give them. Throws USAGE. */
function settled(command: Command, io: CliIo, { terminal }: Pick<CommandContext, "terminal">): Settings {
  const { config: named, profile } = command.opts<{ readonly config?: string; readonly profile?: string }>();
  const layers = settingsLayers(io, named);
  const taken = applySettings(command, layers);
  const settings = settingsFrom(layers, { ...defined({ named, profile }), cwd: io.cwd });
  io.useAwsSettings(settings.environment);
  if (taken.length > 0 && WRITING.has(command.name()) && command.opts().logFormat !== "json")
    terminal.note(`Settings of ${layers.file?.name}: ${taken.join(", ")}`);
  return settings;
}

/** Without a terminal commander takes 80 characters. */
function helpWidth({ isTTY, columns }: CliIo["stdout"]): number {
  return (isTTY === true ? columns : undefined) ?? 80;
}
