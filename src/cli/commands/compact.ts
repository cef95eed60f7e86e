/** `dynalake compact`: folds the change log now, and rewrites the base where its deltas have grown. */
import { compactTable } from "../../core/compaction/compact.ts";
import { DEFAULT_POLICY } from "../../core/compaction/compaction-policy.ts";
import { newRun, nowSeconds, openLake } from "../../embedded/lake.ts";
import { type CommandContext, EXIT, type ExitCode } from "../command.ts";
import { reportCompaction } from "../compaction-report.ts";
import { chosenTables } from "../lake-choice.ts";
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
  const lake = await openLake(options.lake);
  try {
    const { store, engine } = lake;
    const policy = { ...DEFAULT_POLICY, settleSeconds: options.settleSeconds ?? 0 };
    for (const opened of await chosenTables(store, options.lake, options.table)) {
      const { schema } = opened;
      const compaction = { store, engine, schema, policy, newRun, nowSeconds };
      const done = await compactTable(compaction, options.all === true ? "all" : "grown", opened);
      await reportCompaction(context, schema.table, done, options);
    }
    return EXIT.done;
  } finally {
    await lake.close();
  }
}
