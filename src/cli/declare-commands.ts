/** The commands and their options. A command's work is loaded only when it is asked for. */
import type { Command } from "commander";
import { fillingCommands } from "./declare-filling.ts";
import { readingCommands } from "./declare-reading.ts";
import { upkeepCommands } from "./declare-upkeep.ts";
import { configOption, profileOption } from "./options/common-options.ts";
import type { Runs } from "./runs.ts";

/** Declares all commands, in the order of the help. */
export function declareCommands(program: Command, runs: Runs): void {
  for (const declare of [...fillingCommands, ...readingCommands, ...upkeepCommands]) declare(program, runs);
  for (const command of leavesOf(program)) {
    command.addOption(configOption());
    if (command.options.some(({ long }) => long === "--region")) command.addOption(profileOption());
  }
}

function leavesOf(command: Command): readonly Command[] {
  return command.commands.length === 0 ? [command] : command.commands.flatMap(leavesOf);
}
