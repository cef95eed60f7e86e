/** `dynalake status`: what the engineer on call wants to know. */
import { shellWord } from "../../console/command-line.ts";
import { counted, grouped } from "../../core/counted.ts";
import { defined } from "../../core/defined.ts";
import { writtenName } from "../../core/sql/reserved-words.ts";
import { timeText } from "../../core/time-text.ts";
import type { Health, TableStatus } from "../../index.ts";
import type { DeployedStatus } from "../../stack/status.ts";
import { type CommandContext, EXIT, type ExitCode } from "../context/command.ts";
import { withFolder, withStack } from "../context/opened.ts";
import { type LakeOptions, lakeTarget } from "../options/lake-target.ts";
import { driftSentences } from "../reports/drift-report.ts";
import { lagText, runText } from "../reports/following-report.ts";
import { gapJson } from "../reports/gap-report.ts";
import { keptLines } from "../reports/kept-report.ts";
import { vacuumText } from "../reports/vacuum-report.ts";

export interface StatusOptions extends LakeOptions {
  readonly table?: string;
  readonly json?: boolean;
  /** Seconds. */
  readonly followedWithin?: number;
  readonly watch?: boolean;
}

const WATCH_MS = 2_000;
/** To the upper left corner of a screen that is cleared. */
const CLEARED = "\u001b[H\u001b[2J";

export async function statusCommand(context: CommandContext, options: StatusOptions): Promise<ExitCode> {
  const { terminal, timing, interrupted } = context;
  while (options.watch === true && !interrupted.aborted) {
    const text = await statusReport(context, options);
    await terminal.print(terminal.width === undefined ? `${text}\n` : `${CLEARED}${text}`);
    await timing.sleep(WATCH_MS, interrupted);
  }
  if (options.watch !== true) await terminal.print(await statusReport(context, options));
  return EXIT.done;
}

function statusReport(context: CommandContext, options: StatusOptions): Promise<string> {
  const target = lakeTarget(options);
  if (target.kind === "stack") {
    return withStack(context, target, async (stack) => {
      const { deployedStatus } = await import("../../stack/status.ts");
      const deployments = stack.tables(options.table);
      const tables: PlacedStatus[] = [];
      for (const deployment of deployments) tables.push(await deployedStatus(stack, deployment));
      return report(stack.place, tables, options);
    });
  }
  return withFolder(context, options.lake, async (lake) => {
    const tables: PlacedStatus[] = [];
    const asked = defined({ followedWithinSeconds: options.followedWithin });
    for (const table of await lake.opened(options.table)) tables.push(await table.status(asked));
    return report(lake.folder, tables, options);
  });
}

/** The status of a table, and of a deployed one what only its services know. */
type PlacedStatus = TableStatus & Partial<Pick<DeployedStatus, "counted" | "delivery" | "vacuum">>;

function report(place: string, tables: readonly PlacedStatus[], { json, stack }: StatusOptions): string {
  if (json !== true) return tables.map((status) => statusText(status, stack)).join("\n");
  return `${JSON.stringify({ lake: place, tables: tables.map(statusJson) }, null, 2)}\n`;
}

function statusJson({ openGaps, repairedGaps, ...status }: PlacedStatus): object {
  return { ...status, openGaps: openGaps.map(gapJson), mendedGaps: repairedGaps.map(gapJson) };
}

function statusText(status: PlacedStatus, stack: string | undefined): string {
  const { segments, table } = status;
  const lines: readonly (readonly [string, string])[] = [
    ["table", `${table} (source ${status.source})`],
    ["health", HEALTH_TEXTS[status.health]],
    ["rows", grouped(status.rows)],
    [
      "snapshot",
      status.snapshot === undefined
        ? "none"
        : `${counted(status.snapshot.items, "item")} of ${status.snapshot.exportTimeSeconds === 0 ? "an unknown time" : timeText(status.snapshot.exportTimeSeconds)}`,
    ],
    ...keptLines(status),
    ["stream", streamText(status)],
    ...(status.delivery === undefined ? [["run", runText(status.following)] as const] : []),
    [
      "segments",
      `${segments.base} base, ${segments.deltas} delta; ${counted(segments.rows, "row")}, ${counted(segments.bytes, "byte")}`,
    ],
    [
      "change log",
      `${counted(status.recentChangeObjects, "object")} since the horizon's hour; horizon ${status.horizonSeconds === 0 ? "at the beginning" : timeText(status.horizonSeconds)}`,
    ],
    [
      "commits",
      status.commits === undefined
        ? "none"
        : `${status.commits.newest}, the last at ${timeText(status.commits.newestAtSeconds)}; --as-of reaches back to ${status.commits.asOfFromSeconds === 0 ? "the beginning" : timeText(status.commits.asOfFromSeconds)}`,
    ],
    ...(status.schemaFile === undefined
      ? []
      : [[stack === undefined ? "schema.json" : "schema", status.schemaFile.detail] as const]),
    ...driftSentences(status.drift ?? []).map((sentence) => ["drift", sentence] as const),
    ...status.limits.map((sentence) => ["limit", sentence] as const),
    ...(status.counted === undefined ? [] : [["deliveries", countedText(status.counted)] as const]),
    ...undeliveredLines(status),
    ...(status.vacuum === undefined ? [] : [["vacuum", vacuumText(status.vacuum)] as const]),
    ["quarantine", quarantineText(status, stack)],
    ...status.openGaps.map(
      (gap) =>
        [
          "GAP",
          `${gap.detail} (found ${timeText(gap.foundAtSeconds)}); take a snapshot after ${timeText(gap.snapshotAfterSeconds)}`,
        ] as const,
    ),
    ...status.repairedGaps.map(
      (gap) => ["repaired gap", `${gap.detail} (found ${timeText(gap.foundAtSeconds)})`] as const,
    ),
    ["query", `${writtenName(table)}, ${table}_history, ${table}_snapshots`],
  ];
  return lines.map(([name, value]) => `${name.padEnd(11)} ${value}\n`).join("");
}

const HEALTH_TEXTS: Readonly<Record<Health, string>> = {
  gap: "CHANGES WERE LOST: take a new snapshot",
  unread: "THE STREAM IS NOT READ: after 24 hours its changes are lost",
  undelivered: "CHANGES WERE PUT ASIDE: replay them",
  unfollowed: "NO RUN FOLLOWS THE TABLE: start `dynalake run`",
  quarantine: "records are in quarantine",
  empty: "empty",
  drift: "SOME VALUES ARE NOT IN SQL: see drift",
  healthy: "healthy",
};

function undeliveredLines({ undelivered }: TableStatus): readonly (readonly [string, string])[] {
  const { failedBatches, unconverted, waiting } = undelivered;
  const lines: (readonly [string, string])[] = [];
  if (failedBatches + unconverted > 0) {
    lines.push([
      "put aside",
      `${grouped(failedBatches)} ${failedBatches === 1 ? "batch" : "batches"} of the stream, ${counted(unconverted, "file")} of what was not converted`,
    ]);
  }
  if (waiting > 0)
    lines.push(["waiting", `${counted(waiting, "file")} of changes that the table could not take`]);
  return lines;
}

function countedText({ acknowledged, day, missing }: NonNullable<DeployedStatus["counted"]>): string {
  const lost = missing === 0 ? "none missing" : `${grouped(missing)} MISSING`;
  return `of ${day}: ${counted(acknowledged, "row")} acknowledged by Firehose, ${lost}`;
}

function quarantineText({ quarantine }: PlacedStatus, stack: string | undefined): string {
  const reasons = Object.entries(quarantine).map(([reason, files]) => `${counted(files, "file")}: ${reason}`);
  if (reasons.length === 0) return "empty";
  const option = stack === undefined ? "" : ` --stack ${shellWord(stack)}`;
  return `${reasons.join(", ")}; see \`dynalake quarantine list${option}\``;
}

function streamText(status: PlacedStatus): string {
  const { delivery, watch } = status;
  const deployed = [
    ...(delivery === undefined ? [] : [deliveryText(delivery)]),
    ...(watch === undefined ? [] : [watchText(watch)]),
  ];
  if (deployed.length > 0) return deployed.join("; ");
  return lagText(status);
}

function watchText({ lookedSeconds, seenReadingSeconds }: NonNullable<TableStatus["watch"]>): string {
  const isRead = lookedSeconds <= seenReadingSeconds;
  const looked = isRead ? "" : `, not at ${timeText(lookedSeconds)}`;
  return `seen being read at ${timeText(seenReadingSeconds)}${looked}`;
}

function deliveryText({ state, lastResult, iteratorAgeSeconds }: DeployedStatus["delivery"]): string {
  const result = lastResult === undefined ? "" : `; last batch: ${lastResult}`;
  const age = iteratorAgeSeconds === undefined ? "" : `; ${grouped(iteratorAgeSeconds)} s behind`;
  return `read by Lambda: ${state.toLowerCase()}${result}${age}`;
}
