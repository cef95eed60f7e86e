/** `dynalake vacuum`: deletes files that no commit of the retention time uses. */
import { counted } from "../../core/counted.ts";
import { defined } from "../../core/defined.ts";
import { type CommandContext, EXIT, type ExitCode } from "../context/command.ts";
import { withFolder, withStack } from "../context/opened.ts";
import { type LakeOptions, lakeTarget } from "../options/lake-target.ts";

export interface VacuumOptions extends LakeOptions {
  readonly table?: string;
  readonly retentionHours?: number;
  readonly graceHours?: number;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

export async function vacuumCommand(context: CommandContext, options: VacuumOptions): Promise<ExitCode> {
  const target = lakeTarget(options);
  const { retentionHours, graceHours, dryRun } = options;
  const policy = defined({ retentionHours, graceHours, dryRun });
  if (target.kind === "stack") {
    return withStack(context, target, async (stack) => {
      const { vacuumDeployment } = await import("../../stack/vacuum.ts");
      for (const deployment of stack.tables(options.table)) {
        const removed = await vacuumDeployment(stack, deployment, policy);
        await report(context, { table: deployment.table, ...removed }, options);
      }
      return EXIT.done;
    });
  }
  return withFolder(context, options.lake, async (lake) => {
    for (const table of await lake.opened(options.table))
      await report(context, await table.vacuum(policy), options);
    return EXIT.done;
  });
}

interface Removed {
  readonly table: string;
  readonly manifests: number;
  readonly files: number;
  readonly bytes: number;
}

async function report(
  { terminal }: CommandContext,
  { table, manifests, files, bytes }: Removed,
  { dryRun = false, json }: VacuumOptions,
): Promise<void> {
  const verb = dryRun ? "would remove" : "removed";
  const removed = `${counted(files, "file")} (${counted(bytes, "byte")}) and ${counted(manifests, "manifest")}`;
  await terminal.print(
    json === true
      ? `${JSON.stringify({ table, manifests, files, bytes, dryRun })}\n`
      : `${table}: ${verb} ${removed}\n`,
  );
}
