/** What a compaction did, for people or for programs: the same for a folder and for a deployment. */
import { counted } from "../../core/counted.ts";
import type { CommandContext } from "../context/command.ts";

/** One commit. On a deployment it may change what columns there are: by another schema, or for values that they cannot hold. */
export interface ReportedRun {
  readonly kind: "minor" | "major" | "schema" | "texts";
  readonly run: string;
  readonly rows: number;
  readonly segments: number;
}

export async function reportCompaction(
  { terminal }: CommandContext,
  table: string,
  runs: readonly ReportedRun[],
  { json }: { readonly json?: boolean },
): Promise<void> {
  await terminal.print(json === true ? jsonLine(table, runs) : sentences(table, runs));
}

function jsonLine(table: string, done: readonly ReportedRun[]): string {
  const runs = done.map(({ kind, run, rows, segments }) => ({ kind, run, rows, segments }));
  return `${JSON.stringify({ table, runs })}\n`;
}

function sentences(table: string, done: readonly ReportedRun[]): string {
  if (done.length === 0) return `${table}: nothing to compact\n`;
  return done.map((run) => `${table}: ${sentence(run)}\n`).join("");
}

function sentence({ kind, rows, segments }: ReportedRun): string {
  if (kind === "schema") return "took on the deployed schema";
  if (kind === "texts") return "shows values that do not fit their columns as text beside them";
  const what = kind === "minor" ? "folded the change log into deltas" : "rewrote the base";
  return `${what} (${counted(rows, "row")}, ${counted(segments, "segment")})`;
}
