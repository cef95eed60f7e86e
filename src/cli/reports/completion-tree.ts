/** The commands and options of the program as plain data, for the scripts that complete them in a shell. */
import type { Command } from "commander";

export interface CompletedCommand {
  /** Its names from the program down: ["quarantine", "list"]; none for the program itself. */
  readonly path: readonly string[];
  readonly description: string;
  readonly commands: readonly CompletedCommand[];
  readonly options: readonly CompletedOption[];
}

export interface CompletedOption {
  /** "--format". */
  readonly flag: string;
  readonly description: string;
  readonly takesValue: boolean;
  /** The values that it takes; none where it takes any. */
  readonly choices: readonly string[];
}

export function completionTree(command: Command, path: readonly string[] = []): CompletedCommand {
  const help = command.createHelp();
  const commands = help.visibleCommands(command).filter((below) => below.name() !== "help");
  return {
    path,
    description: command.description(),
    // breakage: aliases-are-completed
    commands: commands.flatMap((below) =>
      [below.name(), ...below.aliases()].map((name) => completionTree(below, [...path, name])),
    ),
    options: help
      .visibleOptions(command)
      .flatMap(({ long, description, required, optional, argChoices }) =>
        long == null
          ? []
          : [{ flag: long, description, takesValue: required || optional, choices: argChoices ?? [] }],
      ),
  };
}

/** The command and all below it. */
export function allCommands(command: CompletedCommand): readonly CompletedCommand[] {
  return [command, ...command.commands.flatMap(allCommands)];
}
