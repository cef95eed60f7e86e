/** `dynalake restore`: the items of a lake table, put into a table of DynamoDB. */
import { counted, grouped } from "../../core/counted.ts";
import { defined } from "../../core/defined.ts";
import type { LakeEvent, ProgressEvent, Restored, S3RestoreOptions } from "../../index.ts";
import type { RestorableTable } from "../../stack/restore.ts";
import { type CommandContext, EXIT, type ExitCode } from "../context/command.ts";
import { asOfOption, givenTime } from "../context/given-time.ts";
import { withFolder, withStack } from "../context/opened.ts";
import { requireBounded } from "../context/read-bound.ts";
import type { Terminal } from "../context/terminal.ts";
import { type LakeOptions, onlyTable, type StackTarget } from "../options/lake-target.ts";
import { plannedImportText, writtenImportText } from "../reports/import-report.ts";
import { plannedText, restoredText, restoreJson, verifiedText } from "../reports/restore-report.ts";

export interface RestoreCommandOptions extends LakeOptions {
  readonly to: string;
  readonly table?: string;
  readonly toS3?: string;
  readonly verify?: boolean;
  readonly asOf?: string;
  readonly like?: string;
  readonly overwrite?: boolean;
  readonly incomplete?: boolean;
  readonly intoSource?: boolean;
  readonly writeUnits?: number;
  readonly ttl?: string;
  readonly endpoint?: string;
  /** With --stack: where the restore lies until it is done. */
  readonly workDir: string;
  /** Gigabytes. */
  readonly confirmAbove: number;
  readonly max: number;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

const EXITS: Readonly<Record<Restored["result"], ExitCode>> = {
  identical: EXIT.done,
  incomplete: EXIT.incomplete,
  different: EXIT.different,
};

export async function restoreCommand(
  context: CommandContext,
  options: RestoreCommandOptions,
): Promise<ExitCode> {
  const { stack, lake: folder, region, endpoint, workGroup } = options;
  const asOfSeconds = options.asOf === undefined ? undefined : givenTime(context, options.asOf);
  if (stack !== undefined)
    return restoreFromStack(context, { kind: "stack", stack, region, workGroup }, options, asOfSeconds);
  return withFolder(
    context,
    folder,
    async (lake) => {
      const table = onlyTable(await lake.opened(options.table), ({ name }) => name);
      return restoreFrom(context, table, options, asOfSeconds);
    },
    // A lake in a folder has no region: it is the restored table's.
    defined({ endpoint, region }),
  );
}

function restoreFromStack(
  context: CommandContext,
  target: StackTarget,
  options: RestoreCommandOptions,
  asOfSeconds: number | undefined,
): Promise<ExitCode> {
  const { absolute, cwd, settings, timing } = context;
  const { confirmAbove, endpoint, region, workDir } = options;
  return withStack(context, target, async (stack) => {
    const { restorableTable } = await import("../../stack/restore.ts");
    const deployment = onlyTable(stack.tables(options.table), ({ table }) => table);
    const table = await restorableTable(stack, deployment, {
      config: { environment: settings.environment, ...defined({ endpoint, region }) },
      workFolder: absolute(workDir),
      cwd,
      timing,
      beforeReading: (asOfSeconds) =>
        requireBounded(context, stack, deployment, { asOfSeconds, confirmAbove }),
    });
    return restoreFrom(context, table, options, asOfSeconds);
  });
}

async function restoreFrom(
  context: CommandContext,
  table: RestorableTable,
  options: RestoreCommandOptions,
  asOfSeconds: number | undefined,
): Promise<ExitCode> {
  const { terminal } = context;
  const { to, toS3, like, overwrite, incomplete, intoSource, json = false } = options;
  const common = { to, ...defined({ like, incomplete }), ...asOfOption(asOfSeconds) };
  const onEvent = progressOn(terminal);
  if (options.verify === true) {
    const verified = await table.verifyRestored({ ...common, namedMax: options.max, onEvent });
    terminal.settle();
    await terminal.print(json ? restoreJson(verified) : verifiedText(verified));
    return EXITS[verified.result];
  }
  if (toS3 !== undefined) return restoreToS3(context, table, { ...common, toS3 }, options);
  const wish = {
    ...common,
    namedMax: options.max,
    ...defined({ overwrite, intoSource, timeToLive: options.ttl }),
    ...defined({ writeUnitsPerSecond: options.writeUnits }),
  };
  if (options.dryRun === true) {
    const planned = await table.planRestore(wish);
    await terminal.print(json ? restoreJson(planned) : plannedText(planned));
    return EXIT.done;
  }
  const restored = await table.restore({ ...wish, onEvent });
  terminal.settle();
  await terminal.print(json ? restoreJson(restored) : restoredText(restored));
  return EXITS[restored.result];
}

async function restoreToS3(
  { terminal }: CommandContext,
  table: RestorableTable,
  wish: S3RestoreOptions,
  { dryRun = false, json = false, region }: RestoreCommandOptions,
): Promise<ExitCode> {
  if (dryRun) {
    const planned = await table.planRestoreToS3(wish);
    await terminal.print(json ? restoreJson(planned) : plannedImportText(planned, region));
    return EXIT.done;
  }
  const written = await table.restoreToS3({ ...wish, onEvent: progressOn(terminal) });
  terminal.settle();
  await terminal.print(json ? restoreJson(written) : writtenImportText(written, region));
  return EXIT.done;
}

function progressOn(terminal: Terminal): (event: LakeEvent) => void {
  return (event) => {
    if (event.kind === "progress") terminal.progress(progressText(event));
  };
}

function progressText({ table, step, done, total = 0 }: ProgressEvent): string {
  switch (step) {
    case "pinning":
      return `${table}: ${counted(done, "item")} of the lake written down`;
    case "uploading":
      return `${table}: ${grouped(done)} of ${counted(total, "file")} uploaded`;
    case "restoring":
      return `${table}: ${grouped(done)} of ${counted(total, "item")} put`;
    default:
      return `${table}: ${counted(done, "item")} of the table compared`;
  }
}
