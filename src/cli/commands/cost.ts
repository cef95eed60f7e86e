/** `dynalake cost`: what a table would cost on AWS. */
import { defined } from "../../core/defined.ts";
import type { Estimate } from "../../stack/cost.ts";
import { type CommandContext, EXIT, type ExitCode } from "../context/command.ts";
import { costText } from "../reports/cost-report.ts";

export interface CostOptions {
  readonly source?: string;
  readonly endpoint?: string;
  readonly region?: string;
  readonly writesPerSecond?: number;
  readonly tableGb?: number;
  readonly itemBytes?: number;
  readonly lakeTables?: number;
  readonly buckets?: number;
  readonly compactEvery?: number;
  readonly snapshotEvery?: number;
  readonly snapshotsKept?: number;
  readonly bufferTime?: number;
  readonly batchWindow?: number;
  readonly retentionHours?: number;
  readonly undeleteDays?: number;
  readonly ownKey?: boolean;
  readonly alarms: boolean;
  readonly dashboard: boolean;
  readonly json?: boolean;
}

export async function costCommand(context: CommandContext, options: CostOptions): Promise<ExitCode> {
  const estimate = await estimateOf(context, options);
  await context.terminal.print(
    options.json === true ? `${JSON.stringify(estimate, null, 2)}\n` : costText(estimate),
  );
  return EXIT.done;
}

async function estimateOf({ settings }: CommandContext, options: CostOptions): Promise<Estimate> {
  const { costOf, costOfSource } = await import("../../stack/cost.ts");
  const given = {
    writesPerSecond: options.writesPerSecond,
    tableBytes: options.tableGb === undefined ? undefined : options.tableGb * 1e9,
    itemBytes: options.itemBytes,
    lakeTables: options.lakeTables,
    buckets: options.buckets,
    compactEveryMinutes: options.compactEvery,
    snapshotEveryDays: options.snapshotEvery,
    snapshotsKept: options.snapshotsKept,
    bufferSeconds: options.bufferTime,
    batchWindowSeconds: options.batchWindow,
    retentionHours: options.retentionHours,
    undeleteDays: options.undeleteDays,
    ownKey: options.ownKey,
    alarms: options.alarms,
    dashboard: options.dashboard,
  };
  const { source, endpoint, region } = options;
  if (source === undefined) return costOf(given);
  return costOfSource(source, given, {
    ...defined({ endpoint, region }),
    environment: settings.environment,
  });
}
