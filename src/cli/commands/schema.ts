/** `dynalake schema`: the values that SQL does not show, and what a schema file would change, or changes. */

import { shellWord } from "../../console/command-line.ts";
import { DynalakeError } from "../../core/error.ts";
import { type CommandContext, EXIT, type ExitCode } from "../context/command.ts";
import { withFolder, withStack } from "../context/opened.ts";
import { type LakeOptions, lakeTarget, type StackTarget } from "../options/lake-target.ts";
import { driftText, foundDriftText } from "../reports/drift-report.ts";
import { type ChangeOutcome, deployedChangeText, schemaChangeText } from "../reports/schema-change-report.ts";

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
      const people = exact ? driftText(name, drift) : foundDriftText(name, drift);
      const text = json ? `${JSON.stringify({ table: name, exact, drift })}\n` : people;
      await context.terminal.print(text);
    }
    return EXIT.done;
  });
}

export interface ApplyOptions extends DriftOptions {
  readonly dryRun?: boolean;
}

export function diffCommand(context: CommandContext, file: string, options: DriftOptions): Promise<ExitCode> {
  const target = lakeTarget(options);
  if (target.kind === "stack") return stackDiff(context, file, target, options);
  return change(context, file, options, "planned");
}

async function stackDiff(
  context: CommandContext,
  file: string,
  target: StackTarget,
  { table, json = false }: DriftOptions,
): Promise<ExitCode> {
  const { deployedSchemaChange } = await import("../../stack/schema-diff.ts");
  return withStack(context, target, async (stack) => {
    const given = { name: file, path: context.absolute(file) };
    const report = await deployedSchemaChange(stack, given, table);
    const text = json
      ? `${JSON.stringify({ ...report, outcome: "planned" })}\n`
      : deployedChangeText(report, file);
    await context.terminal.print(text);
    return EXIT.done;
  });
}

/** Throws USAGE for a stack. */
export async function applyCommand(
  context: CommandContext,
  file: string,
  options: ApplyOptions,
): Promise<ExitCode> {
  const target = lakeTarget(options);
  if (target.kind === "stack") throw notOnStacks(file, target.stack); // breakage: stacks-get-schemas-by-deployments
  return change(context, file, options, options.dryRun === true ? "planned" : "applied");
}

function notOnStacks(file: string, stack: string): DynalakeError {
  const diff = `dynalake schema diff ${shellWord(file)} --stack ${shellWord(stack)}`;
  return new DynalakeError(
    "USAGE",
    `a stack gets its schemas by deployments: the file belongs to its CDK app, and the next deployment would go against a schema applied from here`,
    {
      next: `See what the file changes with \`${diff}\`, then deploy it with the app. For a lake in a folder give --lake DIR.`,
    },
  );
}

async function change(
  context: CommandContext,
  file: string,
  { lake: folder, table, json = false }: DriftOptions,
  outcome: ChangeOutcome,
): Promise<ExitCode> {
  return withFolder(context, folder, async (lake) => {
    const named = table === undefined ? await lake.describedTable(file) : lake.table(table);
    const report = outcome === "planned" ? await named.planSchema(file) : await named.applySchema(file);
    const text = json
      ? `${JSON.stringify({ ...report, outcome })}\n`
      : schemaChangeText(report, file, outcome);
    await context.terminal.print(text);
    return EXIT.done;
  });
}
