/** What is wrong with a table, from its status: what is lost first, each with what to do next. Pure. */
import { counted, grouped } from "../core/counted.ts";
import { driftSentence } from "../core/overlay/drift-finding.ts";
import { tableName } from "../core/schema/schema.ts";
import type { TableStatus as CountedStatus, Drift } from "../library/reports.ts";
import type { ConsolePlace, LakeFinding, QuarantineGroup } from "./api.ts";
import { commandLine } from "./command-line.ts";
import { replayLine } from "./quarantine-report.ts";

/** Nothing here depends on how many rows there are. */
type TableStatus = Omit<CountedStatus, "rows">;

/** More columns with drift than this are one finding. */
const DRIFT_NAMED_MAX = 4;
const ORDER = { bad: 0, warn: 1, note: 2 } as const;

/** `held`: what is in the tables' quarantine. */
export function findingsOf(
  place: ConsolePlace,
  statuses: readonly TableStatus[],
  held: readonly QuarantineGroup[],
): readonly LakeFinding[] {
  const all = statuses.flatMap((status) => [
    ...gapFindings(place, status),
    ...streamFindings(place, status),
    ...undeliveredFindings(place, status),
    ...quarantineFindings(place, status, held),
    ...schemaFindings(place, status),
    ...driftFindings(place, status),
  ]);
  return all.toSorted((a, b) => ORDER[a.severity] - ORDER[b.severity]);
}

function gapFindings(place: ConsolePlace, { table, source, openGaps }: TableStatus): readonly LakeFinding[] {
  return openGaps.map((gap) => ({
    id: `gap-${gap.reason}-${gap.foundAtSeconds}`,
    table,
    severity: "bad",
    title: "changes are missing",
    detail: `${sentence(gap.detail)} A snapshot taken after ${minuteText(gap.snapshotAfterSeconds)} repairs it.`,
    sinceSeconds: gap.foundAtSeconds,
    command: snapshotCommand(place, source, table),
  }));
}

function snapshotCommand(place: ConsolePlace, source: string, table: string): string {
  if (place.kind === "stack") return commandLine(place, "snapshot");
  return commandLine(
    place,
    "snapshot",
    "--source",
    source,
    ...(tableName(source) === table ? [] : ["--table", table]),
  );
}

function streamFindings(place: ConsolePlace, { table, health, stream }: TableStatus): readonly LakeFinding[] {
  if (health !== "unread") return [];
  return [
    {
      id: "stream",
      table,
      severity: "bad",
      title: "the stream is not read",
      detail: "A stream keeps changes for 24 hours. What is older is lost, and only a snapshot repairs it.",
      ...(stream === undefined ? {} : { sinceSeconds: stream.savedAtSeconds }),
      command: place.kind === "stack" ? commandLine(place, "status") : commandLine(place, "run"),
    },
  ];
}

function undeliveredFindings(
  place: ConsolePlace,
  { table, undelivered }: TableStatus,
): readonly LakeFinding[] {
  const { failedBatches, unconverted, waiting } = undelivered;
  if (failedBatches + unconverted + waiting === 0) return [];
  const parts = [
    failedBatches > 0
      ? `${grouped(failedBatches)} ${failedBatches === 1 ? "batch" : "batches"} of the stream`
      : "",
    unconverted > 0 ? `${counted(unconverted, "file")} that could not be converted` : "",
    waiting > 0 ? `${counted(waiting, "file")} of changes that the table could not take yet` : "",
  ];
  return [
    {
      id: "undelivered",
      table,
      severity: "bad",
      title: "changes were put aside",
      detail: `${parts.filter((part) => part !== "").join(", ")}: they are in no row until they are replayed.`,
      command: commandLine(place, "status", "--table", table),
    },
  ];
}

function quarantineFindings(
  place: ConsolePlace,
  { table }: TableStatus,
  held: readonly QuarantineGroup[],
): readonly LakeFinding[] {
  const groups = held.filter((group) => group.table === table);
  const records = groups.reduce((sum, group) => sum + group.records, 0);
  if (records === 0) return [];
  return [
    {
      id: "quarantine",
      table,
      severity: "warn",
      title: `${counted(records, "record")} in quarantine`,
      detail: `${groups.map((group) => `${grouped(group.records)} ${group.reason}`).join(", ")}. The records around them were delivered.`,
      sinceSeconds: Math.min(...groups.map(({ firstSeconds }) => firstSeconds)),
      command: replayLine(place, table, "*"),
    },
  ];
}

function schemaFindings(place: ConsolePlace, { table, schemaFile }: TableStatus): readonly LakeFinding[] {
  if (schemaFile === undefined) return [];
  const { state, detail } = schemaFile;
  return [
    {
      id: "schema-file",
      table,
      severity: state === "pending" ? "note" : "warn",
      title: schemaTitle(place, state === "pending"),
      detail: sentence(detail),
      ...(state === "pending" ? { command: commandLine(place, "compact", "--table", table) } : {}),
    },
  ];
}

function schemaTitle({ kind }: ConsolePlace, isPending: boolean): string {
  if (kind === "stack")
    return isPending ? "the deployed schema is waiting" : "the deployed schema is not used as it is";
  return isPending ? "an edit of schema.json is waiting" : "schema.json is not used as it is";
}

function driftFindings(place: ConsolePlace, { table, drift = [] }: TableStatus): readonly LakeFinding[] {
  const command = commandLine(place, "schema", "drift", "--table", table);
  const ofColumns = drift.filter(({ column }) => column !== undefined);
  const others = drift.filter(({ column }) => column === undefined);
  const named = ofColumns.slice(0, DRIFT_NAMED_MAX);
  const left = ofColumns.length - named.length;
  return [
    ...named.map((found): LakeFinding => ({ ...driftFinding(table, found), command })),
    ...(left > 0
      ? [
          {
            id: "drift",
            table,
            severity: "warn",
            title: `${counted(left, "more column")} with values not in SQL`,
            detail: "The command lists all of them.",
            command,
          } as const,
        ]
      : []),
    ...(others.length > 0
      ? [
          {
            id: "unmapped",
            table,
            severity: "note",
            title: `${counted(others.length, "attribute")} without a column`,
            detail: `${names(others)}: the values are in _unmapped.`,
            command,
          } as const,
        ]
      : []),
  ];
}

function driftFinding(table: string, found: Drift): LakeFinding {
  const { attribute, atMost, column, hidden, sinceSeconds, values } = found;
  const where = column?.text === undefined ? "not in SQL" : `in ${column.text} alone`;
  const text = driftSentence({ ...found, sinceSeconds: undefined });
  return {
    id: `drift-${attribute}`,
    table,
    severity: column?.text === undefined ? "warn" : "note",
    title: `${attribute}: ${atMost ? "up to " : ""}${grouped(hidden)} of ${counted(values, "value")} ${where}`,
    detail: sentence(text.slice(text.indexOf(": ", attribute.length + 2) + 2)),
    ...(sinceSeconds === undefined ? {} : { sinceSeconds }),
  };
}

function names(drift: readonly Drift[]): string {
  const named = drift.slice(0, DRIFT_NAMED_MAX).map(({ attribute }) => attribute);
  const left = drift.length - named.length;
  return [...named, ...(left > 0 ? [`${grouped(left)} more`] : [])].join(", ");
}

function sentence(text: string): string {
  const begun = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(begun) ? begun : `${begun}.`;
}

/** "2026-11-28 11:55 UTC". */
function minuteText(epochSeconds: number): string {
  return `${new Date(epochSeconds * 1000).toISOString().slice(0, 16).replace("T", " ")} UTC`;
}
