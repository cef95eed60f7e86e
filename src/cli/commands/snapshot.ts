/** `dynalake snapshot`: a full snapshot of a table, or of an export on this machine. */
import { defined } from "../../core/defined.ts";
import { DynalakeError } from "../../core/error.ts";
import type { Origin, SnapshotsKept, Watched } from "../../index.ts";
import type { CommandLake } from "../../library/folder-lake.ts";
import { type CommandContext, EXIT, type ExitCode } from "../context/command.ts";
import { givenTime } from "../context/given-time.ts";
import { type NamedTables, namedTables, requireMeant } from "../context/named-tables.ts";
import { withFolder, withStack } from "../context/opened.ts";
import { schemasInFolder } from "../context/schema-files.ts";
import { parseKeyOption } from "../options/key-option.ts";
import { type LakeOptions, onlyTable, type StackTarget } from "../options/lake-target.ts";
import { machineEvents } from "../reports/machine-events.ts";
import { reportFolderSnapshot, reportSnapshot, showSnapshotProgress } from "../reports/snapshot-report.ts";

export interface SnapshotOptions extends LakeOptions {
  readonly source?: string;
  /** The lake table. Of a stack that has several, the one that is meant. */
  readonly table?: string;
  readonly endpoint?: string;
  readonly fromExport?: string;
  readonly exportedAt?: string;
  readonly key?: string;
  readonly name?: string;
  readonly schema?: string;
  readonly readShare?: number;
  readonly readUnits?: number;
  readonly timeLimit?: number;
  readonly keep?: SnapshotsKept;
  readonly threads: number;
  readonly json?: boolean;
}

export async function snapshotCommand(context: CommandContext, options: SnapshotOptions): Promise<ExitCode> {
  const { stack, region } = options;
  if (stack !== undefined) return snapshotStack(context, { kind: "stack", stack, region }, options);
  const named = namedTables(context, options);
  const from = originOf(named, options);
  const { name, schema, source } = named;
  const { endpoint, threads, readShare } = options;
  const schemas = schema === undefined ? undefined : await schemasInFolder(context, schema);
  const wish = defined({
    keep: options.keep,
    key: parseKeyOption(options.key),
    readShare,
    readUnitsPerSecond: options.readUnits,
    timeLimitSeconds: options.timeLimit,
    exportedAt:
      options.exportedAt === undefined ? undefined : new Date(givenTime(context, options.exportedAt) * 1000),
  });
  const { terminal, interrupted: signal } = context;
  const take = async (lake: CommandLake) => {
    await requireMeant(lake, named);
    const watched: Watched = {
      signal,
      onEvent: (event) => {
        if (event.kind === "progress") showSnapshotProgress(terminal, event);
      },
    };
    const isAny = schema === undefined && name === undefined;
    const tables = isAny && source !== undefined ? await lake.filledFrom(source) : [];
    if (tables.length > 0) return lake.snapshots(from, { ...wish, ...watched, tables });
    if (schemas === undefined)
      return [await lake.snapshot(from, { ...wish, ...watched, ...defined({ name, schema }) })];
    requireNoName(named, schema);
    return lake.snapshots(from, { ...wish, ...watched, schemas });
  };
  const reports = await withFolder(context, options.lake, take, {
    ...defined({ endpoint, region }),
    threads,
  });
  let code: ExitCode = EXIT.done;
  for (const report of reports) {
    const own = await reportFolderSnapshot(context, report, options);
    if (own !== EXIT.done) code = own;
  }
  return code;
}

function requireNoName({ name }: NamedTables, folder: string | undefined): void {
  if (name === undefined) return;
  throw new DynalakeError("USAGE", `--table names one table, and ${folder} is a folder of schema files`, {
    next: "Leave --table out, or give one schema file.",
  });
}

function originOf({ source }: NamedTables, { source: given, fromExport }: SnapshotOptions): Origin {
  if (fromExport !== undefined && given === undefined) return { export: fromExport };
  if (source !== undefined && fromExport === undefined) return { source };
  throw new DynalakeError("USAGE", "a snapshot is taken either of a table or from an export", {
    next: "Give --source NAME (with --endpoint URL if it is not on AWS), or --from-export PATH.",
  });
}

function snapshotStack(
  context: CommandContext,
  target: StackTarget,
  options: SnapshotOptions,
): Promise<ExitCode> {
  return withStack(context, target, async (stack) => {
    const { snapshotDeployment } = await import("../../stack/snapshot.ts");
    const deployment = onlyTable(stack.tables(options.table), ({ table }) => table);
    const { bucket, table } = deployment;
    const taken = await snapshotDeployment(stack, deployment, machineEvents(context.terminal));
    if (taken === undefined) {
      context.terminal.note(`The snapshot of "${table}" was skipped: there is one, or another is under way`);
      return EXIT.done;
    }
    const quarantine = `s3://${bucket}/${table}/quarantine/`;
    return reportSnapshot(context, { ...taken, table, quarantine }, options);
  });
}
