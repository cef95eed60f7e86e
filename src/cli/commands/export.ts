/** `dynalake export`: a lake table as plain files, which a colleague opens with any tool. */
import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { counted } from "../../core/counted.ts";
import { DynalakeError } from "../../core/error.ts";
import { systemCode } from "../../files/file-error.ts";
import { writtenBeside } from "../../files/written-beside.ts";
import type { CommandLake } from "../../library/folder-lake.ts";
import { type CommandContext, EXIT, type ExitCode } from "../context/command.ts";
import { fileOutput } from "../context/file-output.ts";
import { asOfOption, givenTime } from "../context/given-time.ts";
import { withFolder } from "../context/opened.ts";
import { onlyTable } from "../options/lake-target.ts";
import type { ExportFormat } from "../options/result-formats.ts";
import { ExcelFiles } from "../reports/excel-files.ts";
import { METADATA } from "../reports/result-format.ts";
import { RowPrinter } from "../reports/row-printer.ts";

export interface ExportOptions {
  readonly lake: string;
  readonly table?: string;
  readonly out: string;
  readonly format: ExportFormat;
  readonly asOf?: string;
  readonly history?: boolean;
  readonly metadata?: boolean;
  readonly partitionBy?: readonly string[];
  readonly excel?: boolean;
  readonly overwrite?: boolean;
  readonly json?: boolean;
}

/** Marks a folder as ours, and says what is in it. Readers of such folders skip names that begin with "_". */
const MARK = "_dynalake.json";

export async function exportCommand(context: CommandContext, options: ExportOptions): Promise<ExitCode> {
  requireFitting(options);
  const { terminal } = context;
  const { out, format, overwrite = false, json = false } = options;
  const path = context.absolute(out);
  if (overwrite) await requireOurs(out, path);
  return withFolder(context, options.lake, async (lake) => {
    const table = onlyTable(await lake.opened(options.table), ({ name }) => name).name;
    const asOfSeconds = options.asOf === undefined ? undefined : givenTime(context, options.asOf);
    const work: ExportWork = { ...options, table, statement: statementOf(table, options), asOfSeconds };
    const rows = await writtenBeside({ file: { name: out, path }, overwrite }, async (folder) => {
      const written = await (format === "parquet" ? writeParquet : writeText)(lake, work, folder);
      await writeFile(join(folder, MARK), markOf(work, written));
      return written;
    });
    if (json) await terminal.print(`${JSON.stringify({ table, out, format, rows }, null, 2)}\n`);
    else await terminal.print(`Exported ${counted(rows, "row")} of ${table} to ${out}\n`);
    await noteHidden(context, lake, work);
    return EXIT.done;
  });
}

interface ExportWork extends ExportOptions {
  readonly table: string;
  readonly statement: string;
  readonly asOfSeconds: number | undefined;
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
function statementOf(table: string, { history = false, metadata = false }: ExportOptions): string {
  const view = `"${history ? `${table}_history` : table}"`;
  const excluded = history || metadata ? "" : ` EXCLUDE (${METADATA.join(", ")})`;
  return `SELECT *${excluded} FROM ${view}`;
}

async function writeParquet(
  lake: CommandLake,
  { table, statement, asOfSeconds, partitionBy = [] }: ExportWork,
  folder: string,
): Promise<number> {
  const query = lake.query(statement, asOfOption(asOfSeconds));
  if (partitionBy.length > 0) return query.parquet(folder, { partitionBy });
  await mkdir(folder);
  return query.parquet(join(folder, `${table}.parquet`));
}

async function writeText(
  lake: CommandLake,
  { table, statement, asOfSeconds, format, excel = false }: ExportWork,
  folder: string,
): Promise<number> {
  await mkdir(folder);
  const query = lake.query(statement, { numbers: "string", ...asOfOption(asOfSeconds) });
  const columns = await query.columns();
  if (excel) {
    const files = new ExcelFiles(folder, table, columns);
    for await (const row of query.arrays()) await files.add(row);
    return files.end();
  }
  const output = fileOutput(join(folder, `${table}.${format}`));
  const printer = new RowPrinter(output, format === "csv" ? "csv" : "jsonl", {
    sql: statement,
    width: undefined,
  });
  await printer.begin(columns);
  for await (const row of query.arrays()) if (printer.add(row)) await printer.flush();
  await printer.end();
  await output.end();
  return printer.rows;
}

function markOf({ table, format, history = false, asOfSeconds }: ExportWork, rows: number): string {
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

/** Values that no column shows lie in `_unmapped`, which is left out by default. */
async function noteHidden(
  { terminal }: CommandContext,
  lake: CommandLake,
  { table, history, metadata, asOfSeconds }: ExportWork,
): Promise<void> {
  if (history === true || metadata === true) return;
  const query = lake.query<{ readonly n: number }>(
    `SELECT count(_unmapped) AS n FROM "${table}"`,
    asOfOption(asOfSeconds),
  );
  const [found] = await query.all();
  const items = found?.n ?? 0;
  if (items === 0) return;
  terminal.note(
    `${counted(items, "item")} ${items === 1 ? "has" : "have"} values that no column holds as they are. --metadata adds _unmapped, which has them; \`dynalake schema drift\` names them.`,
  );
}
