/** What a snapshot did, for people or for programs: the same for a scan, an export and a deployment. */
import { join } from "node:path";
import { counted, grouped } from "../../core/counted.ts";
import type { ProgressEvent, SnapshotReport } from "../../index.ts";
import { type CommandContext, EXIT, type ExitCode } from "../context/command.ts";
import type { Terminal } from "../context/terminal.ts";
import { addedSentence } from "./columns-report.ts";
import { driftSentences } from "./drift-report.ts";
import { gapSentence } from "./gap-report.ts";

interface SnapshotFacts {
  readonly source: string;
  readonly table: string;
  readonly items: number;
  /** Items that belong to no lake table. */
  readonly skipped: number;
  readonly quarantined: number;
  /** The number of the commit. */
  readonly manifest: number;
  /** Where the table's quarantine is. */
  readonly quarantine: string;
}

export async function reportSnapshot(
  { terminal }: Pick<CommandContext, "terminal">,
  { source, quarantine, table, items, skipped, quarantined, manifest }: SnapshotFacts,
  options: { readonly json?: boolean },
): Promise<ExitCode> {
  const others = othersText(skipped);
  await terminal.print(
    options.json === true
      ? `${JSON.stringify({ table, items, skipped, quarantined, manifest })}\n`
      : `Snapshot of ${source}: ${counted(items, "item")} in "${table}"${others}\n`,
  );
  if (quarantined === 0) return EXIT.done;
  const lines = quarantined === 1 ? "1 line holds" : `${grouped(quarantined)} lines hold`;
  terminal.note(`${lines} no item, now in quarantine: ${quarantine}`);
  return EXIT.incomplete;
}

/** Follows what belongs to the table. Empty for none. */
export function othersText(skipped: number): string {
  if (skipped === 0) return "";
  return `, ${grouped(skipped)} ${skipped === 1 ? "belongs" : "belong"} to other tables`;
}

const UNDATED =
  "Nothing says when these items were read, so they count as older than every change. Before `run` can follow the table without a gap, take the snapshot again with --exported-at TIME, when their reading began.";

/** A snapshot of a lake in a folder, with what it found out about its schema. */
export async function reportFolderSnapshot(
  context: Pick<CommandContext, "terminal">,
  report: SnapshotReport,
  options: { readonly lake: string; readonly json?: boolean },
): Promise<ExitCode> {
  const { terminal } = context;
  const { table, schemaOrigin, undecided, addedColumns, openGaps, dated } = report;
  terminal.settle();
  if (options.json !== true) {
    if (schemaOrigin === "inferred") {
      terminal.note(`Inferred a schema and wrote it to ${join(options.lake, table, "schema.json")}`);
      for (const sentence of undecided) terminal.note(`  undecided  ${sentence}`);
    }
    if (addedColumns.length > 0) terminal.note(addedSentence(table, addedColumns));
  }
  const quarantine = join(options.lake, table, "quarantine");
  const code = await reportSnapshot(context, { ...report, quarantine }, options);
  if (!dated) terminal.note(UNDATED);
  for (const sentence of report.notes) terminal.note(sentence);
  for (const sentence of driftSentences(report.drift)) terminal.note(`  drift of ${table}  ${sentence}`);
  for (const gap of openGaps) terminal.note(gapSentence(table, gap));
  return code;
}

export function showSnapshotProgress(terminal: Terminal, event: ProgressEvent): void {
  const text = snapshotProgressText(event);
  if (text !== undefined) terminal.progress(text);
}

/** Undefined for steps of other work. */
export function snapshotProgressText({ table, step, done, total, parts }: ProgressEvent): string | undefined {
  switch (step) {
    case "scanning":
      if (parts === undefined) return undefined;
      return `scanning ${table}: ${counted(done, "item")}, ${parts.done} of ${counted(parts.total, "part")}`;
    case "reading":
      return `reading ${table}: ${grouped(done)} of ${counted(total ?? done, "item")}`;
    case "writing":
      return `writing ${table}: ${counted(done, "row")}, sorted and compressed`;
    default:
      return undefined;
  }
}
