/** `dynalake quarantine`: what could not be delivered, by its reason; its records; and their way back once the cause is repaired. */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { folderConsole } from "../../console/folder-console.ts";
import { counted } from "../../core/counted.ts";
import { defined } from "../../core/defined.ts";
import { DynalakeError } from "../../core/error.ts";
import type { CommandLake } from "../../library/folder-lake.ts";
import { type CommandContext, EXIT, type ExitCode } from "../context/command.ts";
import { withFolder } from "../context/opened.ts";
import { onlyTable } from "../options/lake-target.ts";
import {
  droppedText,
  groupsText,
  type Quarantined,
  recordText,
  type ShownRecord,
} from "../reports/quarantine-text.ts";
import { reportReplay } from "../reports/replay-report.ts";

export interface QuarantineOptions {
  readonly lake: string;
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
  return withFolder(context, options.lake, async (lake) => {
    const { groups } = await quarantined(context, lake, options);
    const shown = groups.map(({ table, reason, meaning, records, firstSeconds, lastSeconds }) => ({
      table,
      reason,
      records,
      firstSeconds,
      lastSeconds,
      meaning,
    }));
    const text =
      options.json === true ? `${JSON.stringify({ groups: shown }, null, 2)}\n` : groupsText(shown);
    await context.terminal.print(text);
    return EXIT.done;
  });
}

export async function showCommand(context: CommandContext, options: ShowOptions): Promise<ExitCode> {
  const { terminal } = context;
  return withFolder(context, options.lake, async (lake) => {
    const { records } = await quarantined(context, lake, options);
    const chosen = records.slice(0, options.limit);
    for (const [i, record] of chosen.entries()) {
      const { table, reason, detail, source, arrivedAtSeconds, file, line, shape } = record;
      const shown: ShownRecord = {
        ...{ table, reason, detail, source, arrivedAtSeconds, file, line },
        // breakage: quarantine-hides-values
        record: options.values === true ? await rawOf(lake.folder, file, line) : shape,
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
  options: QuarantineOptions,
): Promise<ExitCode> {
  const { terminal } = context;
  return withFolder(context, options.lake, async (lake) => {
    const { name } = onlyTable(await lake.opened(options.table), (table) => table.name);
    const files = await quarantineFiles(join(lake.folder, name, "quarantine"), options.reason);
    if (files.length === 0) {
      terminal.note(`Nothing to replay: no such records of "${name}" are in quarantine`);
      return EXIT.done;
    }
    const report = await lake.replay(files, { name, partial: options.partial === true });
    const quarantine = `${options.lake}/${name}/quarantine`;
    return reportReplay(context, report, { json: options.json === true, quarantine });
  });
}

export interface DropCommandOptions extends QuarantineOptions {
  readonly dryRun?: boolean;
}

export async function dropCommand(context: CommandContext, options: DropCommandOptions): Promise<ExitCode> {
  const { terminal } = context;
  const { reason, dryRun = false } = options;
  return withFolder(context, options.lake, async (lake) => {
    const { name } = onlyTable(await lake.opened(options.table), (table) => table.name);
    const dropped = await lake.dropQuarantined(name, { ...defined({ reason }), dryRun });
    await terminal.print(
      options.json === true ? `${JSON.stringify({ ...dropped, dryRun })}\n` : droppedText(dropped, dryRun),
    );
    return EXIT.done;
  });
}

async function quarantined(
  { timing }: CommandContext,
  lake: CommandLake,
  { lake: name, table, reason }: QuarantineOptions,
): Promise<Quarantined> {
  const names = new Set((await lake.opened(table)).map((opened) => opened.name));
  const place = { kind: "folder", name, option: `--lake ${name}` } as const;
  const { groups, records } = await folderConsole(lake, place, timing.nowMs).quarantine();
  const isMeant = (record: { readonly table: string; readonly reason: string }): boolean =>
    names.has(record.table) && (reason === undefined || record.reason === reason);
  return { groups: groups.filter(isMeant), records: records.filter(isMeant) };
}

/** The record as it came, values included. */
async function rawOf(folder: string, file: string, line: number): Promise<string> {
  const text = (await readFile(join(folder, file), "utf8")).split("\n")[line - 1] ?? "";
  try {
    const { raw } = JSON.parse(text) as { readonly raw?: unknown };
    return typeof raw === "string" ? raw : text;
  } catch {
    return text;
  }
}

async function quarantineFiles(folder: string, reason: string | undefined): Promise<readonly string[]> {
  const reasons = await readdir(folder).catch((): string[] => []);
  if (reason !== undefined && reasons.length > 0 && !reasons.includes(reason))
    throw new DynalakeError("USAGE", `no record is in quarantine for "${reason}"`, {
      next: `The reasons are ${reasons.join(", ")}.`,
    });
  const files: string[] = [];
  for (const each of reasons.filter((name) => reason === undefined || name === reason)) {
    const names = await readdir(join(folder, each)).catch((): string[] => []);
    files.push(...names.filter((name) => name.endsWith(".jsonl")).map((name) => join(folder, each, name)));
  }
  return files.sort();
}
