/** What a snapshot has done, for people or for programs: the same of a scan, of an export and of a deployment. */
import { type CommandContext, EXIT, type ExitCode } from "./command.ts";

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
  { terminal }: CommandContext,
  facts: SnapshotFacts,
  options: { readonly json?: boolean },
): Promise<ExitCode> {
  const { source, quarantine, ...told } = facts;
  const { table, items, skipped, quarantined } = told;
  const others = skipped === 0 ? "" : `, ${count(skipped)} belong to other tables`;
  await terminal.print(
    options.json === true
      ? `${JSON.stringify(told)}\n`
      : `Snapshot of ${source}: ${count(items)} items in "${table}"${others}\n`,
  );
  if (quarantined === 0) return EXIT.done;
  terminal.note(`${count(quarantined)} lines hold no item and are in quarantine: ${quarantine}`);
  return EXIT.incomplete;
}

export function count(number: number): string {
  return number.toLocaleString("en-US");
}
