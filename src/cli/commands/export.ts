/** `dynalake export`: a lake table as plain files, which a colleague opens with any tool. */
import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { counted } from "../../core/counted.ts";
import { DynalakeError } from "../../core/error.ts";
import { systemCode } from "../../files/file-error.ts";
import { requireTarget, type Target, writtenBeside } from "../../files/written-beside.ts";
import type { Query } from "../../index.ts";
import { type CommandContext, EXIT, type ExitCode } from "../context/command.ts";
import { fileOutput } from "../context/file-output.ts";
import { asOfOption, givenTime } from "../context/given-time.ts";
import { withFolder, withStack } from "../context/opened.ts";
import { requireBounded } from "../context/read-bound.ts";
import type { Terminal } from "../context/terminal.ts";
import { type LakeOptions, lakeTarget, onlyTable, type StackTarget } from "../options/lake-target.ts";
import type { ExportFormat } from "../options/result-formats.ts";
import { ExcelFiles } from "../reports/excel-files.ts";
import { METADATA } from "../reports/result-format.ts";
import { RowPrinter } from "../reports/row-printer.ts";
import { withClock } from "../reports/with-clock.ts";

export interface ExportOptions extends LakeOptions {
  readonly table?: string;
  readonly out: string;
  readonly format: ExportFormat;
  readonly asOf?: string;
  readonly history?: boolean;
  readonly metadata?: boolean;
  readonly partitionBy?: readonly string[];
  readonly excel?: boolean;
  /** Gigabytes. */
  readonly confirmAbove: number;
  readonly overwrite?: boolean;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

/** Marks a folder as ours, and says what is in it. Readers of such folders skip names that begin with "_". */
const MARK = "_dynalake.json";

export async function exportCommand(context: CommandContext, options: ExportOptions): Promise<ExitCode> {
  requireFitting(options);
  const target = lakeTarget(options);
  const { out, overwrite = false } = options;
  if (overwrite) await requireOurs(out, context.absolute(out));
  const asOfSeconds = options.asOf === undefined ? undefined : givenTime(context, options.asOf);
  return target.kind === "stack"
    ? exportOfStack(context, target, { ...options, asOfSeconds })
    : exportOfFolder(context, { ...options, asOfSeconds });
}

interface ExportWish extends ExportOptions {
  readonly asOfSeconds: number | undefined;
}

/** The rows that are written, wherever the lake lies. */
interface ExportSource extends Pick<Query, "columns" | "arrays"> {
  readonly table: string;
  parquet(file: string, options: { readonly partitionBy: readonly string[] }): Promise<number>;
  /** Items with values that no column shows. */
  hiddenItems(): Promise<number>;
}

function exportOfFolder(context: CommandContext, wish: ExportWish): Promise<ExitCode> {
  return withFolder(context, wish.lake, async (lake) => {
    const table = onlyTable(await lake.opened(wish.table), ({ name }) => name).name;
    if (wish.dryRun) return sayExport(context, wish, table);
    const asOf = asOfOption(wish.asOfSeconds);
    const query = lake.query(statementOf(table, wish), { numbers: "string", ...asOf });
    return writeExport(context, wish, {
      table,
      columns: query.columns,
      arrays: query.arrays,
      parquet: query.parquet,
      hiddenItems: async () => {
        const counting = lake.query<{ readonly n: number }>(
          `SELECT count(_unmapped) AS n FROM "${table}"`,
          asOf,
        );
        return (await counting.all())[0]?.n ?? 0;
      },
    });
  });
}

function exportOfStack(context: CommandContext, target: StackTarget, wish: ExportWish): Promise<ExitCode> {
  const { asOfSeconds, history = false } = wish;
  requireTarget(targetOf(context, wish)); // breakage: exports-need-their-place-first
  return withStack(context, target, async (stack) => {
    const { exportDeployed } = await import("../../stack/export.ts");
    const deployment = onlyTable(stack.tables(wish.table), ({ table }) => table);
    await requireBounded(context, stack, deployment, {
      asOfSeconds,
      history,
      confirmAbove: wish.confirmAbove,
    });
    if (wish.dryRun) return sayExport(context, wish, deployment.table);
    const without = hasMetadata(wish) ? [] : METADATA;
    const exporting = exportDeployed(stack, deployment, { asOfSeconds, history, without });
    const rows = await withClock(context.terminal, "running in Athena", exporting);
    try {
      return await writeExport(context, wish, { ...rows, table: deployment.table });
    } finally {
      await rows.close();
    }
  });
}

/** Where the export goes. */
function targetOf({ absolute }: CommandContext, { out, overwrite = false }: ExportOptions): Target {
  return { file: { name: out, path: absolute(out) }, overwrite };
}

/** Writes nothing, and asks no engine. */
async function sayExport(context: CommandContext, wish: ExportWish, table: string): Promise<ExitCode> {
  const target = targetOf(context, wish);
  requireTarget(target);
  const { out, format, json = false } = wish;
  const replaces = existsSync(target.file.path);
  const instead = replaces ? ", in place of the export that is there" : "";
  const text = json
    ? JSON.stringify({ dryRun: true, table, out, format, replaces }, null, 2)
    : `Would export ${table} to ${out}${instead}. Nothing was written`;
  await context.terminal.print(`${text}\n`);
  return EXIT.done;
}

async function writeExport(
  context: CommandContext,
  wish: ExportWish,
  source: ExportSource,
): Promise<ExitCode> {
  const { terminal } = context;
  const { out, format, json = false } = wish;
  const { table } = source;
  const rows = await writtenBeside(targetOf(context, wish), async (folder) => {
    const written = await (format === "parquet" ? writeParquet : writeText)(source, wish, folder);
    await writeFile(join(folder, MARK), markOf(table, wish, written));
    return written;
  });
  if (json) await terminal.print(`${JSON.stringify({ table, out, format, rows }, null, 2)}\n`);
  else await terminal.print(`Exported ${counted(rows, "row")} of ${table} to ${out}\n`);
  if (!hasMetadata(wish)) noteHidden(terminal, await source.hiddenItems());
  return EXIT.done;
}

/** What no column holds as it is lies in `_unmapped`, which is left out by default. */
function noteHidden(terminal: Terminal, items: number): void {
  if (items === 0) return;
  terminal.note(
    `${counted(items, "item")} ${items === 1 ? "has" : "have"} attributes that no column holds as they are, such as explicit NULLs. --metadata adds _unmapped, which has them; \`dynalake schema drift\` names those that SQL does not show, if there are any.`,
  );
}

function requireFitting({ format, excel = false, partitionBy = [], history, asOf }: ExportOptions): void {
  if (excel && format !== "csv")
    throw new DynalakeError("USAGE", "--excel is a form of CSV", { next: "Add --format csv." });
  if (partitionBy.length > 0 && format !== "parquet")
    throw new DynalakeError("USAGE", "only Parquet is written in folders by --partition-by");
  if (history === true && asOf !== undefined)
    throw new DynalakeError("USAGE", "a history has its own times", { next: "Leave --as-of out." });
}

/** The columns of attributes; for a history, and where it is asked for, those of dynalake as well. */
function hasMetadata({ history = false, metadata = false }: ExportOptions): boolean {
  return history || metadata;
}

function statementOf(table: string, options: ExportOptions): string {
  const view = `"${options.history === true ? `${table}_history` : table}"`;
  const excluded = hasMetadata(options) ? "" : ` EXCLUDE (${METADATA.join(", ")})`;
  return `SELECT *${excluded} FROM ${view}`;
}

async function writeParquet(
  { table, parquet }: ExportSource,
  { partitionBy = [] }: ExportWish,
  folder: string,
): Promise<number> {
  if (partitionBy.length > 0) return parquet(folder, { partitionBy });
  await mkdir(folder);
  return parquet(join(folder, `${table}.parquet`), { partitionBy });
}

async function writeText(
  source: ExportSource,
  { format, excel = false }: ExportWish,
  folder: string,
): Promise<number> {
  await mkdir(folder);
  const { table } = source;
  const columns = await source.columns();
  if (excel) {
    const files = new ExcelFiles(folder, table, columns);
    for await (const row of source.arrays()) await files.add(row);
    return files.end();
  }
  const output = fileOutput(join(folder, `${table}.${format}`));
  const printer = new RowPrinter(output, format === "csv" ? "csv" : "jsonl", { sql: "", width: undefined });
  await printer.begin(columns);
  for await (const row of source.arrays()) if (printer.add(row)) await printer.flush();
  await printer.end();
  await output.end();
  return printer.rows;
}

function markOf(table: string, { format, history = false, asOfSeconds }: ExportWish, rows: number): string {
  const asOf = asOfSeconds === undefined ? undefined : new Date(asOfSeconds * 1000).toISOString();
  return `${JSON.stringify({ dynalake: "export", table, history, format, asOf, rows }, null, 2)}\n`;
}

/** Throws USAGE unless what is there is an export of ours, or nothing. */
async function requireOurs(name: string, path: string): Promise<void> {
  let mark: unknown;
  try {
    mark = JSON.parse(await readFile(join(path, MARK), "utf8"));
  } catch (error) {
    if (systemCode(error) === "ENOENT" && !existsSync(path)) return;
  }
  // breakage: exports-replace-exports-alone
  if ((mark as { readonly dynalake?: unknown } | undefined)?.dynalake === "export") return;
  throw new DynalakeError("USAGE", `${name} is not an export of dynalake`, {
    next: "Choose another name: only a folder that an export has made is replaced.",
  });
}
