/** `dynalake completion SHELL`: a script that completes commands and options in a shell. */
import type { Command } from "commander";
import { type CommandContext, EXIT, type ExitCode } from "../context/command.ts";
import { completionScript, type Shell } from "../reports/completion-script.ts";
import { completionTree } from "../reports/completion-tree.ts";

export async function completionCommand(
  { terminal }: CommandContext,
  shell: Shell,
  _options: object,
  command: Command,
): Promise<ExitCode> {
  await terminal.print(completionScript(shell, completionTree(command.parent as Command)));
  return EXIT.done;
}
