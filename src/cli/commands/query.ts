/** `dynalake query "SELECT ..."`: statements of people, printed or written to a file. */
import { counted } from "../../core/counted.ts";
import { DynalakeError } from "../../core/error.ts";
import type { SplitStatement } from "../../core/sql/split-statements.ts";
import { writtenBeside } from "../../files/written-beside.ts";
import type { CommandLake } from "../../library/folder-lake.ts";
import { type CommandContext, EXIT, type ExitCode } from "../context/command.ts";
import { fileOutput } from "../context/file-output.ts";
import { givenStatements } from "../context/given-statements.ts";
import { asOfOption, givenTime } from "../context/given-time.ts";
import { withFolder, withStack } from "../context/opened.ts";
import { type LakeOptions, lakeTarget } from "../options/lake-target.ts";
import { formatOf, type ResultFormat, type TextFormat } from "../options/result-formats.ts";
import { RowPrinter, type TextOutput } from "../reports/row-printer.ts";
import { withClock } from "../reports/with-clock.ts";

export interface QueryOptions extends LakeOptions {
  readonly file?: string;
  readonly format?: ResultFormat;
  readonly out?: string;
  readonly overwrite?: boolean;
  readonly asOf?: string;
  readonly execution?: string;
}

/** Runs one statement and prints its rows. Resolves to their number. */
type Print = (statement: string, output: TextOutput) => Promise<number>;

export async function queryCommand(
  context: CommandContext,
  argument: string | undefined,
  options: QueryOptions,
): Promise<ExitCode> {
  const target = lakeTarget(options);
  const format = formatOf(options.format, options.out);
  if (options.execution !== undefined) return ranQuery(context, argument, options, options.execution);
  const asOfSeconds = options.asOf === undefined ? undefined : givenTime(context, options.asOf);
  const statements = await givenStatements(context, argument, options.file);
  requireOneForFile(statements, options.out);
  if (target.kind === "folder") {
    return withFolder(context, options.lake, async (lake) => {
      if (format === "parquet") return writeParquet(context, lake, statements, { ...options, asOfSeconds });
      const print: Print = (sql, output) => printRows(context, lake, { sql, asOfSeconds, format }, output);
      return printAll(context, statements, { ...options, format }, print);
    });
  }
  const text = textFormat(format);
  const { runStackQuery, stackStatement } = await import("../../stack/query.ts");
  // Before anything is sent.
  for (const { sql } of statements) stackStatement(sql);
  return withStack(context, target, (stack) => {
    const run = (sql: string) => runStackQuery(stack, stackStatement(sql), { asOfSeconds });
    const print: Print = (sql, output) => printPages(context, run(sql), { sql, format: text }, output);
    return printAll(context, statements, { ...options, format: text }, print);
  });
}

/** Throws USAGE for a format that a deployment's rows are not printed in. */
function textFormat(format: ResultFormat): TextFormat {
  if (format !== "parquet") return format;
  throw new DynalakeError("USAGE", "a deployment's rows are not written as Parquet here", {
    next: "Use --format csv or jsonl, or UNLOAD in Athena.",
  });
}

/** The rows of a statement that Athena has run. */
async function ranQuery(
  context: CommandContext,
  argument: string | undefined,
  options: QueryOptions,
  execution: string,
): Promise<ExitCode> {
  const target = lakeTarget(options);
  if (argument !== undefined || options.file !== undefined || options.asOf !== undefined)
    throw new DynalakeError("USAGE", "--execution names a statement that has run, and another one is given", {
      next: "Leave out the statement and --as-of, or --execution.",
    });
  if (target.kind === "folder")
    throw new DynalakeError("USAGE", "--execution is of a deployment", { next: "Give --stack NAME too." });
  const format = textFormat(formatOf(options.format, options.out));
  const { ranStackQuery } = await import("../../stack/query.ts");
  return withStack(context, target, (stack) => {
    const print: Print = (sql, output) =>
      printPages(context, ranStackQuery(stack, execution), { sql, format }, output);
    return printAll(context, [{ sql: "", line: 1 }], { ...options, format }, print);
  });
}

function requireOneForFile(statements: readonly SplitStatement[], out: string | undefined): void {
  if (out === undefined || statements.length === 1) return;
  throw new DynalakeError("USAGE", `${counted(statements.length, "statement")} have one file to go to`, {
    next: "Give them one by one, each with its own --out.",
  });
}

interface Printing {
  readonly format: TextFormat;
  readonly out?: string;
  readonly overwrite?: boolean;
}

async function printAll(
  { terminal, absolute }: CommandContext,
  statements: readonly SplitStatement[],
  { format, out, overwrite = false }: Printing,
  print: Print,
): Promise<ExitCode> {
  const [first] = statements;
  if (out !== undefined && first !== undefined) {
    const rows = await writtenBeside(
      { file: { name: out, path: absolute(out) }, overwrite },
      async (path) => {
        const output = fileOutput(path);
        const printed = await print(first.sql, output);
        await output.end();
        return printed;
      },
    );
    terminal.note(`Wrote ${counted(rows, "row")} to ${out}`);
    return EXIT.done;
  }
  const several = statements.length > 1;
  for (const [i, { sql, line }] of statements.entries()) {
    if (several && format === "json") await terminal.print(`{"statement":${i + 1},"rows":`);
    else if (several && i > 0) await terminal.print("\n");
    try {
      await print(sql, terminal);
    } catch (error) {
      throw several ? ofStatement(error, i + 1, line) : error;
    }
    if (several && format === "json") await terminal.print("}\n");
  }
  return EXIT.done;
}

/** Says which of several statements failed. Those before it have been printed. */
function ofStatement(error: unknown, number: number, line: number): unknown {
  if (!(error instanceof DynalakeError)) return error;
  const message = `statement ${number}, on line ${line}: ${error.message}`;
  return new DynalakeError(error.code, message, { cause: error, next: error.next });
}

interface FolderQuery {
  readonly sql: string;
  readonly asOfSeconds: number | undefined;
  readonly format: TextFormat;
}

async function printRows(
  { terminal }: CommandContext,
  lake: CommandLake,
  { sql, asOfSeconds, format }: FolderQuery,
  output: TextOutput,
): Promise<number> {
  const query = lake.query(sql, { numbers: "string", ...asOfOption(asOfSeconds) });
  const printer = new RowPrinter(output, format, { sql, width: terminal.width });
  await printer.begin(await query.columns());
  for await (const row of query.arrays()) {
    // Only a full batch waits for the reader.
    if (printer.add(row)) await printer.flush();
  }
  await printer.end();
  return printer.rows;
}

async function writeParquet(
  { terminal }: CommandContext,
  lake: CommandLake,
  [statement]: readonly SplitStatement[],
  { asOfSeconds, out = "", overwrite = false }: QueryOptions & Pick<FolderQuery, "asOfSeconds">,
): Promise<ExitCode> {
  const query = lake.query(statement?.sql ?? "", asOfOption(asOfSeconds));
  const rows = await query.parquet(out, { overwrite });
  terminal.note(`Wrote ${counted(rows, "row")} to ${out}`);
  return EXIT.done;
}

type StackPages = ReturnType<typeof import("../../stack/query.ts").runStackQuery>;

async function printPages(
  { terminal, interrupted }: CommandContext,
  running: StackPages,
  { sql, format }: Pick<FolderQuery, "sql" | "format">,
  output: TextOutput,
): Promise<number> {
  const { pages } = await withClock(terminal, "running in Athena", running);
  const printer = new RowPrinter(output, format, { sql, width: terminal.width });
  for await (const { columns, rows } of pages) {
    await printer.begin(columns);
    for (const row of rows) printer.add(row);
    await printer.flush();
  }
  interrupted.throwIfAborted();
  await printer.end();
  return printer.rows;
}
