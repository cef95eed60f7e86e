/** `dynalake compact`: folds the change log now, and rewrites the base where its deltas have grown. */
import {
  type CompactionContext,
  type CompactionResult,
  compactMajor,
  compactMinor,
} from "../../core/compact.ts";
import { DEFAULT_POLICY } from "../../core/compaction-plan.ts";
import type { Schema } from "../../core/schema.ts";
import { type Lake, newRun, nowSeconds, openLake } from "../../embedded/lake.ts";
import { type CommandContext, EXIT, type ExitCode } from "../command.ts";
import { chosenSchemas } from "../lake-choice.ts";

export interface CompactOptions {
  readonly lake: string;
  readonly table?: string;
  readonly all?: boolean;
  readonly json?: boolean;
}

export async function compactCommand(context: CommandContext, options: CompactOptions): Promise<ExitCode> {
  const lake = await openLake(options.lake);
  try {
    for (const schema of await chosenSchemas(lake.store, options.lake, options.table)) {
      const done = await compactTable(lake, schema, options.all === true ? "all" : "grown");
      const text = options.json === true ? jsonLine(schema.table, done) : sentences(schema.table, done);
      await context.terminal.print(text);
    }
    return EXIT.done;
  } finally {
    await lake.close();
  }
}

/** A minor compaction of everything up to now, then a major one. */
export async function compactTable(
  lake: Lake,
  schema: Schema,
  scope: "grown" | "all",
): Promise<readonly CompactionResult[]> {
  const policy = { ...DEFAULT_POLICY, settleSeconds: 0 };
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

function jsonLine(table: string, done: readonly CompactionResult[]): string {
  const runs = done.map(({ kind, run, rows, segments }) => ({ kind, run, rows, segments }));
  return `${JSON.stringify({ table, runs })}\n`;
}

function sentences(table: string, done: readonly CompactionResult[]): string {
  if (done.length === 0) return `${table}: nothing to compact\n`;
  return done
    .map(({ kind, rows, segments }) => {
      const what = kind === "minor" ? "folded the change log into deltas" : "rewrote the base";
      return `${table}: ${what} (${rows.toLocaleString("en-US")} rows, ${segments} segments)\n`;
    })
    .join("");
}
