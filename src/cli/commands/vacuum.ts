/** `dynalake vacuum`: removes what no manifest of the retention window names. */

import {
  DEFAULT_RETENTION,
  type RetentionPolicy,
  type VacuumResult,
  vacuum,
} from "../../core/compaction/vacuum.ts";
import { nowSeconds } from "../../sdk/run-name.ts";
import { type CommandContext, EXIT, type ExitCode } from "../command.ts";
import { type LakeOptions, lakeTarget } from "../lake-target.ts";
import { type LakeTable, openTarget } from "../opened-lake.ts";

export interface VacuumOptions extends LakeOptions {
  readonly table?: string;
  readonly retentionHours?: number;
  readonly graceHours?: number;
  readonly json?: boolean;
}

export async function vacuumCommand(context: CommandContext, options: VacuumOptions): Promise<ExitCode> {
  const lake = await openTarget(context, lakeTarget(options));
  try {
    for (const table of await lake.tables(options.table)) {
      const { table: name } = table.schema;
      const { manifests, files, bytes } = await vacuumTable(table, policyOf(table, options));
      const facts = { table: name, manifests, files, bytes };
      const sentence = `${name}: removed ${facts.files} files (${bytes} bytes) and ${manifests} manifests\n`;
      await context.terminal.print(options.json === true ? `${JSON.stringify(facts)}\n` : sentence);
    }
    return EXIT.done;
  } finally {
    await lake.close();
  }
}

/** A deployment has a retention of its own. */
function policyOf(table: LakeTable, { retentionHours, graceHours }: VacuumOptions): RetentionPolicy {
  const own = table.kind === "stack" ? table.deployment.retentionHours : undefined;
  const hours = retentionHours ?? own;
  return {
    retentionSeconds: hours === undefined ? DEFAULT_RETENTION.retentionSeconds : hours * 3600,
    graceSeconds: graceHours === undefined ? DEFAULT_RETENTION.graceSeconds : graceHours * 3600,
  };
}

/** What is not needed any more, with what only one kind of lake has: unfinished files, or partitions without files in Glue. */
async function vacuumTable(target: LakeTable, policy: RetentionPolicy): Promise<VacuumResult> {
  const { table } = target.schema;
  if (target.kind === "folder") {
    const { vacuumFolder } = await import("../../embedded/compaction/vacuum-folder.ts");
    return vacuumFolder(target.lake, table, policy);
  }
  const removed = await vacuum(target.store, table, policy, nowSeconds());
  const { removeEmptyPartitions } = await import("../../aws/segments-table.ts");
  const { engine, store } = target.lake;
  await removeEmptyPartitions({ store, catalog: engine.catalog }, table);
  return removed;
}
