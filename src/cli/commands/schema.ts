/** `dynalake schema`: the values that SQL does not show, and what a schema file would change, or changes. */
import { type CommandContext, EXIT, type ExitCode } from "../context/command.ts";
import { withFolder, withStack } from "../context/opened.ts";
import { type LakeOptions, lakeTarget, type StackTarget } from "../options/lake-target.ts";
import { driftText, foundDriftText } from "../reports/drift-report.ts";
import { schemaChangeText } from "../reports/schema-change-report.ts";

export interface DriftOptions extends LakeOptions {
  readonly table?: string;
  readonly json?: boolean;
  /** Counts now, also where that takes statements in Athena. */
  readonly exact?: boolean;
}

export async function driftCommand(context: CommandContext, options: DriftOptions): Promise<ExitCode> {
  const target = lakeTarget(options);
  if (target.kind === "stack") return stackDrift(context, target, options);
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

async function stackDrift(
  context: CommandContext,
  target: StackTarget,
  { table, json = false, exact = false }: DriftOptions,
): Promise<ExitCode> {
  const { deployedDrift } = await import("../../stack/drift.ts");
  return withStack(context, target, async (stack) => {
    for (const deployment of stack.tables(table)) {
      const drift = await deployedDrift(stack, deployment, exact ? "exact" : "found");
      const name = deployment.table;
      const people = exact && drift !== undefined ? driftText(name, drift) : foundDriftText(name, drift);
      const text = json ? `${JSON.stringify({ table: name, exact, drift: drift ?? null })}\n` : people;
      await context.terminal.print(text);
    }
    return EXIT.done;
  });
}

export interface ApplyOptions extends DriftOptions {
  readonly dryRun?: boolean;
}

export function diffCommand(context: CommandContext, file: string, options: DriftOptions): Promise<ExitCode> {
  return applyCommand(context, file, { ...options, dryRun: true });
}

export async function applyCommand(
  context: CommandContext,
  file: string,
  { lake: folder, table, json = false, dryRun = false }: ApplyOptions,
): Promise<ExitCode> {
  return withFolder(context, folder, async (lake) => {
    const named = table === undefined ? await lake.describedTable(file) : lake.table(table);
    const report = dryRun ? await named.planSchema(file) : await named.applySchema(file);
    const outcome = dryRun ? "planned" : "applied";
    const text = json
      ? `${JSON.stringify({ ...report, outcome })}\n`
      : schemaChangeText(report, file, outcome);
    await context.terminal.print(text);
    return EXIT.done;
  });
}
