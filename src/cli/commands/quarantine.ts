/** `dynalake quarantine`: what could not be delivered, by its reason; its records; and their way back once the cause is repaired. */
import { counted } from "../../core/counted.ts";
import { defined } from "../../core/defined.ts";
import { type CommandContext, EXIT, type ExitCode } from "../context/command.ts";
import { type Shelf, withShelves } from "../context/quarantine-shelves.ts";
import type { Terminal } from "../context/terminal.ts";
import { type LakeOptions, onlyTable } from "../options/lake-target.ts";
import {
  droppedText,
  groupsText,
  nothingText,
  type Quarantined,
  recordText,
  type ShownRecord,
} from "../reports/quarantine-text.ts";
import { reportReplay } from "../reports/replay-report.ts";

export interface QuarantineOptions extends LakeOptions {
  readonly table?: string;
  readonly reason?: string;
  readonly partial?: boolean;
  readonly json?: boolean;
}

export interface ShowOptions extends QuarantineOptions {
  readonly values?: boolean;
  readonly limit: number;
}

export async function listCommand(context: CommandContext, options: QuarantineOptions): Promise<ExitCode> {
  return withShelves(context, options, async (shelves) => {
    const { groups, unreadFiles } = await quarantined(shelves, options);
    const shown = groups.map(({ table, reason, meaning, records, firstSeconds, lastSeconds }) => ({
      table,
      reason,
      records,
      firstSeconds,
      lastSeconds,
      meaning,
    }));
    const text =
      options.json === true ? `${JSON.stringify({ groups: shown }, null, 2)}\n` : groupsText(shown, options);
    await context.terminal.print(text);
    noteUnread(context.terminal, unreadFiles);
    return EXIT.done;
  });
}

export async function showCommand(context: CommandContext, options: ShowOptions): Promise<ExitCode> {
  const { terminal } = context;
  return withShelves(context, options, async (shelves) => {
    const { records, unreadFiles } = await quarantined(shelves, options, options.limit + 1);
    const chosen = records.slice(0, options.limit);
    // breakage: quarantine-hides-values
    const values = options.values === true ? new ReadValues() : undefined;
    for (const [i, { shelf, ...quarantinedRecord }] of chosen.entries()) {
      const { table, reason, detail, source, arrivedAtSeconds, file, line, shape } = quarantinedRecord;
      const shown: ShownRecord = {
        ...{ table, reason, detail, source, arrivedAtSeconds, file, line },
        record: values === undefined ? shape : await values.of(shelf, file, line),
      };
      const text = options.json === true ? `${JSON.stringify(shown)}\n` : recordText(shown);
      await terminal.print(i > 0 && options.json !== true ? `\n${text}` : text);
    }
    if (records.length > chosen.length)
      terminal.note(`Shown: the newest ${counted(chosen.length, "record")}; --limit shows more`);
    else if (records.length === 0) terminal.note(nothingText(options.reason));
    noteUnread(terminal, unreadFiles);
    return EXIT.done;
  });
}

export async function replayQuarantineCommand(
  context: CommandContext,
  options: DryQuarantineOptions,
): Promise<ExitCode> {
  const { terminal } = context;
  const { dryRun = false } = options;
  return withShelves(context, options, async (shelves) => {
    const shelf = onlyTable(shelves, ({ held }) => held.table);
    const paths = await shelf.held.paths(options.reason);
    if (paths.length === 0) {
      terminal.note(`Nothing to replay: no such records of "${shelf.held.table}" are in quarantine`);
      return EXIT.done;
    }
    const report = await shelf.replay(paths, { dryRun });
    const quarantine = shelf.address(shelf.held.folder);
    return reportReplay(context, report, { json: options.json === true, quarantine, dryRun });
  });
}

export interface DryQuarantineOptions extends QuarantineOptions {
  readonly dryRun?: boolean;
}

export async function dropCommand(context: CommandContext, options: DryQuarantineOptions): Promise<ExitCode> {
  const { terminal } = context;
  const { reason, dryRun = false } = options;
  return withShelves(context, options, async (shelves) => {
    const shelf = onlyTable(shelves, ({ held }) => held.table);
    const dropped = await shelf.drop({ ...defined({ reason }), dryRun });
    await terminal.print(
      options.json === true ? `${JSON.stringify({ ...dropped, dryRun })}\n` : droppedText(dropped, dryRun),
    );
    return EXIT.done;
  });
}

function noteUnread(terminal: Terminal, files: number): void {
  if (files > 0) terminal.note(`Not read: ${counted(files, "older file")}; their records are not counted`);
}

/** Reads a file once, though many records are of it; files of several tables may have one name. */
class ReadValues {
  readonly #files = new Map<Shelf, Map<string, Promise<readonly string[]>>>();

  /** `line` counts from 1. */
  async of(shelf: Shelf, file: string, line: number): Promise<string> {
    const files = this.#files.get(shelf) ?? new Map<string, Promise<readonly string[]>>();
    this.#files.set(shelf, files);
    const records = files.get(file) ?? shelf.held.records(file);
    files.set(file, records);
    return (await records)[line - 1] ?? "";
  }
}

interface Found extends Omit<Quarantined, "records"> {
  readonly records: readonly (Quarantined["records"][number] & { readonly shelf: Shelf })[];
}

async function quarantined(
  shelves: readonly Shelf[],
  { reason }: QuarantineOptions,
  recordsMax?: number,
): Promise<Found> {
  const reports = await Promise.all(
    shelves.map(async (shelf) => {
      const { records, ...report } = await shelf.held.report({ reason, recordsMax });
      return { ...report, records: records.map((record) => ({ ...record, shelf })) };
    }),
  );
  return {
    groups: reports.flatMap(({ groups }) => groups).toSorted((a, b) => b.records - a.records),
    records: reports
      .flatMap(({ records }) => records)
      .toSorted((a, b) => b.arrivedAtSeconds - a.arrivedAtSeconds),
    unreadFiles: reports.reduce((sum, { unreadFiles }) => sum + unreadFiles, 0),
  };
}
