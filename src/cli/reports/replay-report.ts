/** What a replay did, for people or for programs: the same for a folder and for a deployment. */
import { counted } from "../../core/counted.ts";
import type { ReplayReport } from "../../index.ts";
import { type CommandContext, EXIT, type ExitCode } from "../context/command.ts";

export async function reportReplay(
  { terminal }: CommandContext,
  { table, rows, quarantined, skipped }: ReplayReport,
  { json, quarantine }: { readonly json: boolean; readonly quarantine: string },
): Promise<ExitCode> {
  const others = skipped === 0 ? "" : `, ${skipped} belong to other tables`;
  await terminal.print(
    json
      ? `${JSON.stringify({ table, rows, quarantined, skipped })}\n`
      : `Replayed ${counted(rows, "change")} into "${table}"${others}\n`,
  );
  if (quarantined === 0) return EXIT.done;
  const records = quarantined === 1 ? "1 record is" : `${quarantined} records are`;
  terminal.note(`${records} in quarantine: ${quarantine}`);
  return EXIT.incomplete; // breakage: quarantined-replay-is-incomplete
}
