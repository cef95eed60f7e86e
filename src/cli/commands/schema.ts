/** `dynalake schema drift`: the values that SQL does not show, and what to add to the schema file. */
import { type CommandContext, EXIT, type ExitCode } from "../context/command.ts";
import { withFolder } from "../context/opened.ts";
import type { LakeOptions } from "../options/lake-target.ts";
import { driftText } from "../reports/drift-report.ts";

export interface DriftOptions extends LakeOptions {
  readonly table?: string;
  readonly json?: boolean;
}

export async function driftCommand(context: CommandContext, options: DriftOptions): Promise<ExitCode> {
  return withFolder(context, options.lake, async (lake) => {
    for (const table of await lake.opened(options.table)) {
      const drift = await table.drift();
      const text =
        options.json === true
          ? `${JSON.stringify({ table: table.name, drift })}\n`
          : driftText(table.name, drift);
      await context.terminal.print(text);
    }
    return EXIT.done;
  });
}
