/** `dynalake quarantine`: what could not be delivered, by its reason; its records; and their way back once the cause is repaired. */
import { counted } from "../../core/counted.ts";
import { defined } from "../../core/defined.ts";
import { type CommandContext, EXIT, type ExitCode } from "../context/command.ts";
import { type Shelf, withShelves } from "../context/quarantine-shelves.ts";
import { type LakeOptions, onlyTable } from "../options/lake-target.ts";
import {
  droppedText,
  groupsText,
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
    const { groups } = await quarantined(shelves, options);
    const shown = groups.map(({ table, reason, meaning, records, firstSeconds, lastSeconds }) => ({
      table,
      reason,
      records,
      firstSeconds,
      lastSeconds,
      meaning,
    }));
    const text =
      options.json === true
        ? `${JSON.stringify({ groups: shown }, null, 2)}\n`
        : groupsText(shown, options.stack);
    await context.terminal.print(text);
    return EXIT.done;
  });
}

export async function showCommand(context: CommandContext, options: ShowOptions): Promise<ExitCode> {
  const { terminal } = context;
  return withShelves(context, options, async (shelves) => {
    const { records } = await quarantined(shelves, options);
    const chosen = records.slice(0, options.limit);
    for (const [i, { shelf, ...quarantinedRecord }] of chosen.entries()) {
      const { table, reason, detail, source, arrivedAtSeconds, file, line, shape } = quarantinedRecord;
      const shown: ShownRecord = {
        ...{ table, reason, detail, source, arrivedAtSeconds, file, line },
        // breakage: quarantine-hides-values
        record: options.values === true ? await shelf.held.record(file, line) : shape,
      };
      const text = options.json === true ? `${JSON.stringify(shown)}\n` : recordText(shown);
      await terminal.print(i > 0 && options.json !== true ? `\n${text}` : text);
    }
    if (records.length > chosen.length)
      terminal.note(`Shown: the newest ${counted(chosen.length, "record")}; --limit shows more`);
    else if (records.length === 0) terminal.note("The quarantine is empty");
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

interface Found extends Pick<Quarantined, "groups"> {
  readonly records: readonly (Quarantined["records"][number] & { readonly shelf: Shelf })[];
}

async function quarantined(shelves: readonly Shelf[], { reason }: QuarantineOptions): Promise<Found> {
  const isMeant = (record: { readonly reason: string }): boolean =>
    reason === undefined || record.reason === reason;
  const reports = await Promise.all(
    shelves.map(async (shelf) => {
      const { groups, records } = await shelf.held.report();
      return { groups, records: records.map((record) => ({ ...record, shelf })) };
    }),
  );
  return {
    groups: reports
      .flatMap(({ groups }) => groups)
      .filter(isMeant)
      .toSorted((a, b) => b.records - a.records),
    records: reports
      .flatMap(({ records }) => records)
      .filter(isMeant)
      .toSorted((a, b) => b.arrivedAtSeconds - a.arrivedAtSeconds),
  };
}
