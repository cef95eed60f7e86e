/** `dynalake compact`: folds the change log now, and rewrites the base where its deltas have grown. */
import {
  type CompactionContext,
  type CompactionResult,
  compactMajor,
  compactMinor,
} from "../../core/compaction/compact.ts";
import { DEFAULT_POLICY } from "../../core/compaction/compaction-plan.ts";
import type { Schema } from "../../core/schema/schema.ts";
import { chosenSchemas } from "../../core/table/chosen-schemas.ts";
import { type LakeFolder, openLakeFolder } from "../../embedded/folder/lake-folder.ts";
import { newRun, nowSeconds } from "../../sdk/run-name.ts";
import { type CommandContext, EXIT, type ExitCode } from "../command.ts";
import { reportCompaction } from "../compaction-report.ts";
import { type LakeOptions, lakeTarget } from "../lake-target.ts";

export interface CompactOptions extends LakeOptions {
  readonly table?: string;
  readonly all?: boolean;
  readonly settleSeconds?: number;
  readonly json?: boolean;
}

export async function compactCommand(context: CommandContext, options: CompactOptions): Promise<ExitCode> {
  const target = lakeTarget(options);
  if (target.kind === "stack")
    return (await import("../stack/compact.ts")).compactOnStack(context, target, options);
  const lake = await openLakeFolder(context.absolute(options.lake));
  try {
    for (const schema of await chosenSchemas(lake.store, options.lake, options.table)) {
      const scope = options.all === true ? "all" : "grown";
      const runs = await compactTable(lake, schema, scope, options.settleSeconds);
      await reportCompaction(context, schema.table, runs, options);
    }
    return EXIT.done;
  } finally {
    await lake.close();
  }
}

/** A minor compaction of everything up to so many seconds before now, then a major one. */
export async function compactTable(
  lake: LakeFolder,
  schema: Schema,
  scope: "grown" | "all",
  settleSeconds = 0,
): Promise<readonly CompactionResult[]> {
  const policy = { ...DEFAULT_POLICY, settleSeconds };
  const compaction: CompactionContext = {
    store: lake.store,
    engine: lake.engine,
    schema,
    policy,
    newRun,
    nowSeconds,
  };
  const results = [await compactMinor(compaction), await compactMajor(compaction, scope)];
  return results.filter((result) => result !== undefined);
}
