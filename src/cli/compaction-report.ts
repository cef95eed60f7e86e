/** What a compaction has done, for people or for programs: the same of a folder and of a deployment. */
import type { CompactionResult } from "../core/compaction/compact.ts";
import type { CommandContext } from "./command.ts";

/** What is told of a run. On a deployment one of them may be the schema that was deployed, taken on by the lake. */
export interface CompactionRun extends Pick<CompactionResult, "run" | "rows" | "segments"> {
  readonly kind: CompactionResult["kind"] | "schema";
}

export async function reportCompaction(
  { terminal }: CommandContext,
  table: string,
  runs: readonly CompactionRun[],
  { json }: { readonly json?: boolean },
): Promise<void> {
  await terminal.print(json === true ? jsonLine(table, runs) : sentences(table, runs));
}

function jsonLine(table: string, done: readonly CompactionRun[]): string {
  const runs = done.map(({ kind, run, rows, segments }) => ({ kind, run, rows, segments }));
  return `${JSON.stringify({ table, runs })}\n`;
}

function sentences(table: string, done: readonly CompactionRun[]): string {
  if (done.length === 0) return `${table}: nothing to compact\n`;
  return done.map((run) => `${table}: ${sentence(run)}\n`).join("");
}

function sentence({ kind, rows, segments }: CompactionRun): string {
  if (kind === "schema") return "took on the deployed schema";
  const what = kind === "minor" ? "folded the change log into deltas" : "rewrote the base";
  return `${what} (${rows.toLocaleString("en-US")} rows, ${segments} segments)`;
}
