/** What a replay did, for people or for programs: the same for a folder and for a deployment. */
import { counted, grouped } from "../../core/counted.ts";
import type { OtherSource, ReplayReport } from "../../index.ts";
import { type CommandContext, EXIT, type ExitCode } from "../context/command.ts";
import { othersText } from "./snapshot-report.ts";

interface ReplayPlace {
  readonly json: boolean;
  /** Where the records are that could not be delivered, for people. */
  readonly quarantine: string;
  /** Whether nothing was delivered; undefined for a command that cannot be told so. */
  readonly dryRun?: boolean;
}

export async function reportReplay(
  { terminal }: CommandContext,
  report: ReplayReport,
  { dryRun, json, quarantine }: ReplayPlace,
): Promise<ExitCode> {
  const { table, rows, quarantined, skipped, olderThanSnapshot, olderThanHeld, otherSources } = report;
  const others = othersText(skipped);
  await terminal.print(
    json
      ? `${JSON.stringify({ table, rows, quarantined, skipped, olderThanSnapshot, olderThanHeld, otherSources, dryRun })}\n`
      : `${dryRun === true ? "Would replay" : "Replayed"} ${counted(rows, "change")} into "${table}"${others}\n`,
  );
  if (olderThanSnapshot > 0) terminal.note(olderSentence(olderThanSnapshot));
  if (olderThanHeld > 0) terminal.note(heldSentence(olderThanHeld));
  for (const source of otherSources) terminal.note(otherSentence(table, source));
  if (quarantined === 0) return EXIT.done;
  const verb = dryRun === true ? "would stay" : quarantined === 1 ? "is" : "are";
  terminal.note(`${counted(quarantined, "record")} ${verb} in quarantine: ${quarantine}`);
  return EXIT.incomplete; // breakage: quarantined-replay-is-incomplete
}

function olderSentence(count: number): string {
  const changes = count === 1 ? "1 of the changes is" : `${grouped(count)} of the changes are`;
  return `${changes} older than the snapshot, which has what they led to: a query of now shows nothing of them, the history does.`;
}

function heldSentence(count: number): string {
  return count === 1
    ? "1 change is for an item that still has a newer change in quarantine. Until you replay that one, the table may show an outdated or deleted item."
    : `${grouped(count)} changes are for items that still have newer changes in quarantine. Until you replay those, the table may show outdated or deleted items.`;
}

function otherSentence(
  table: string,
  { table: source, tableArn, records, olderThanSnapshot }: OtherSource,
): string {
  const skipped = records === 1 ? "1 record was" : `${grouped(records)} records were`;
  const all = olderThanSnapshot === records ? "; they are also older than the snapshot" : "";
  return `${skipped} skipped: changes of ${tableArn ?? source}, which "${table}" is not filled from${all}. If it is the same table under another name, add --any-source.`;
}
