/** `dynalake restore`: the items of a lake table, put into a table of DynamoDB. */
import { counted, grouped } from "../../core/counted.ts";
import { defined } from "../../core/defined.ts";
import type { LakeEvent, LakeTable, ProgressEvent, Restored, S3RestoreOptions } from "../../index.ts";
import { type CommandContext, EXIT, type ExitCode } from "../context/command.ts";
import { asOfOption, givenTime } from "../context/given-time.ts";
import { withFolder } from "../context/opened.ts";
import type { Terminal } from "../context/terminal.ts";
import { onlyTable } from "../options/lake-target.ts";
import { plannedImportText, writtenImportText } from "../reports/import-report.ts";
import { plannedText, restoredText, restoreJson, verifiedText } from "../reports/restore-report.ts";

export interface RestoreCommandOptions {
  readonly to: string;
  readonly lake: string;
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
  readonly region?: string;
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
  const { terminal } = context;
  const { to, toS3, like, overwrite, incomplete, intoSource, endpoint, region, json = false } = options;
  const common = {
    to,
    ...defined({ like, incomplete }),
    ...asOfOption(options.asOf === undefined ? undefined : givenTime(context, options.asOf)),
  };
  const onEvent = progressOn(terminal);
  return withFolder(
    context,
    options.lake,
    async (lake) => {
      const table = onlyTable(await lake.opened(options.table), ({ name }) => name);
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
    },
    defined({ endpoint, region }),
  );
}

async function restoreToS3(
  { terminal }: CommandContext,
  table: LakeTable,
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
