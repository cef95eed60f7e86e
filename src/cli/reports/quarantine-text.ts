/** What is in quarantine, for people. */

import type { QuarantineGroup, QuarantineReport } from "../../console/api.ts";
import { shellWord } from "../../console/command-line.ts";
import { counted, grouped } from "../../core/counted.ts";
import { timeText } from "../../core/time-text.ts";
import type { DroppedRecords } from "../../library/dropping.ts";

export type Quarantined = QuarantineReport;

export interface ShownRecord {
  readonly table: string;
  readonly reason: string;
  readonly detail: string;
  readonly source: string;
  readonly arrivedAtSeconds: number;
  /** Relative to the lake. */
  readonly file: string;
  readonly line: number;
  /** Its JSON; undefined for what is not JSON. */
  readonly record: string | undefined;
}

type Group = Pick<
  QuarantineGroup,
  "table" | "reason" | "meaning" | "records" | "firstSeconds" | "lastSeconds"
>;

/** Where no records were found, of all or of those of a reason. */
export function nothingText(reason: string | undefined): string {
  return reason === undefined
    ? "The quarantine is empty"
    : `No records of the reason ${reason} are in quarantine`;
}

/** `stack` is the lake's, if it has one; `reason` the one that was asked for. */
export function groupsText(
  groups: readonly Group[],
  { reason, stack }: { readonly reason?: string; readonly stack?: string },
): string {
  if (groups.length === 0) return `${nothingText(reason)}\n`;
  const lines = groups.map(({ table, reason, meaning, records, firstSeconds, lastSeconds }) => {
    const times =
      firstSeconds === lastSeconds
        ? `of ${timeText(firstSeconds)}`
        : `from ${timeText(firstSeconds)} to ${timeText(lastSeconds)}`;
    return `${table}: ${counted(records, "record")} (${reason}), ${times}\n  ${meaning}\n`;
  });
  const option = stack === undefined ? "" : ` --stack ${shellWord(stack)}`;
  return `${lines.join("")}\`dynalake quarantine show${option}\` shows them; once the cause is repaired, \`dynalake quarantine repair${option}\` delivers them.\n`;
}

export function recordText(shown: ShownRecord): string {
  const { table, reason, detail, source, arrivedAtSeconds, file, line, record } = shown;
  const lines = [
    ["table", table],
    ["reason", detail === "" ? reason : `${reason}: ${detail}`],
    ["arrived", timeText(arrivedAtSeconds)],
    ...(source === "" ? [] : [["source", source]]),
    ["file", `${file}, line ${line}`],
  ];
  const head = lines.map(([name = "", value]) => `${name.padEnd(8)}${value}\n`).join("");
  return `${printable(head)}${printable(record ?? "(not JSON; --values shows it)")}\n`;
}

export function droppedText(
  { table, records, snapshotAfterSeconds }: DroppedRecords,
  isDryRun: boolean,
): string {
  if (snapshotAfterSeconds === undefined) return `The quarantine of "${table}" is empty\n`;
  const all = Object.values(records).reduce((sum, count) => sum + count, 0);
  const reasons = Object.entries(records).map(([reason, count]) => `${grouped(count)} ${reason}`);
  const what = `${counted(all, "record")} of "${table}" (${reasons.join(", ")})`;
  const repair = `a snapshot after ${timeText(snapshotAfterSeconds)}`;
  return isDryRun
    ? `Would drop ${what}; until ${repair} its changes would count as lost\n`
    : `Dropped ${what}; its changes count as lost until ${repair}\n`;
}

/** What a record holds must not move a terminal's cursor. */
function printable(text: string): string {
  return text.replace(/[^\P{Cc}\n]/gu, "\u00b7");
}
