/** `dynalake compact`: folds the change log now, and rewrites the base where its deltas have grown. */
import { defined } from "../../core/defined.ts";
import { type CommandContext, EXIT, type ExitCode } from "../context/command.ts";
import { withFolder, withStack } from "../context/opened.ts";
import { type LakeOptions, lakeTarget, type StackTarget } from "../options/lake-target.ts";
import { followedSentence } from "../reports/columns-report.ts";
import { reportCompaction } from "../reports/compaction-report.ts";
import { machineEvents } from "../reports/machine-events.ts";

export interface CompactOptions extends LakeOptions {
  readonly table?: string;
  readonly all?: boolean;
  readonly settleSeconds?: number;
  readonly json?: boolean;
}

export async function compactCommand(context: CommandContext, options: CompactOptions): Promise<ExitCode> {
  const target = lakeTarget(options);
  if (target.kind === "stack") return compactStack(context, target, options);
  const { all, settleSeconds } = options;
  return withFolder(context, options.lake, async (lake) => {
    for (const table of await lake.opened(options.table)) {
      const followed: string[] = [];
      const { runs } = await table.compact({
        ...defined({ all, settleSeconds }),
        onEvent: (event) => followed.push(...[followedSentence(event)].filter((text) => text !== undefined)),
      });
      await reportCompaction(context, table.name, runs, options);
      for (const sentence of followed) context.terminal.note(sentence);
    }
    return EXIT.done;
  });
}

function compactStack(
  context: CommandContext,
  target: StackTarget,
  options: CompactOptions,
): Promise<ExitCode> {
  return withStack(context, target, async (stack) => {
    const { compactDeployment } = await import("../../stack/compact.ts");
    const events = machineEvents(context.terminal);
    for (const deployment of stack.tables(options.table)) {
      const runs = await compactDeployment(stack, deployment, options, events);
      await reportCompaction(context, deployment.table, runs, options);
    }
    return EXIT.done;
  });
}
