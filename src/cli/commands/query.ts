/** `dynalake query "SELECT ..."`. */
import type { Cell, ResultColumn } from "../../index.ts";
import { type CommandContext, EXIT, type ExitCode } from "../context/command.ts";
import { withFolder, withStack } from "../context/opened.ts";
import type { Terminal } from "../context/terminal.ts";
import { type LakeOptions, lakeTarget, type StackTarget } from "../options/lake-target.ts";
import type { ResultFormat } from "../options/result-formats.ts";
import { parseTime } from "../options/time-option.ts";
import { resultWriter } from "../reports/result-format.ts";
import { withClock } from "../reports/with-clock.ts";

export interface QueryOptions extends LakeOptions {
  readonly format: ResultFormat;
  readonly asOf?: string;
}

export async function queryCommand(
  context: CommandContext,
  sql: string,
  options: QueryOptions,
): Promise<ExitCode> {
  const target = lakeTarget(options);
  const asOfSeconds = options.asOf === undefined ? undefined : parseTime(options.asOf);
  if (target.kind === "stack") return queryStack(context, target, { ...options, sql, asOfSeconds });
  return withFolder(context, options.lake, async (lake) => {
    const asOf = asOfSeconds === undefined ? {} : { asOf: new Date(asOfSeconds * 1000) };
    const query = lake.query(sql, { numbers: "string", ...asOf });
    const printer = new RowPrinter(context.terminal, options.format, sql);
    await printer.begin(await query.columns());
    for await (const row of query.arrays()) {
      // Only a full batch waits for the reader.
      if (printer.add(row)) await printer.flush();
    }
    await printer.end();
    return EXIT.done;
  });
}

interface StackQuery extends QueryOptions {
  readonly sql: string;
  readonly asOfSeconds: number | undefined;
}

async function queryStack(
  context: CommandContext,
  target: StackTarget,
  { sql, asOfSeconds, format }: StackQuery,
): Promise<ExitCode> {
  const { runStackQuery, stackStatement } = await import("../../stack/query.ts");
  // Before anything is sent.
  const statement = stackStatement(sql);
  return withStack(context, target, async (stack) => {
    const running = runStackQuery(stack, statement, asOfSeconds);
    const pages = await withClock(context.terminal, "running in Athena", running);
    const printer = new RowPrinter(context.terminal, format, sql);
    for await (const { columns, rows } of pages) {
      await printer.begin(columns);
      for (const row of rows) printer.add(row);
      await printer.flush();
    }
    context.interrupted.throwIfAborted();
    await printer.end();
    return EXIT.done;
  });
}

/** Rows that are formatted together. A row can have 400 KB, and a string not more than half a gigabyte. */
const BATCH_ROWS = 128;

class RowPrinter {
  readonly #terminal: Terminal;
  readonly #writer: ReturnType<typeof resultWriter>;
  #begun = false;
  #batch: (readonly Cell[])[] = [];

  constructor(terminal: Terminal, format: ResultFormat, sql: string) {
    this.#terminal = terminal;
    this.#writer = resultWriter(format, { sql, width: terminal.width });
  }

  /** Does nothing the second time: every page of a result names its columns. */
  async begin(columns: readonly ResultColumn[]): Promise<void> {
    if (this.#begun) return;
    this.#begun = true;
    await this.#terminal.print(this.#writer.begin(columns));
  }

  /** Returns whether it is time to flush. */
  add(row: readonly Cell[]): boolean {
    this.#batch.push(row);
    return this.#batch.length >= BATCH_ROWS;
  }

  async flush(): Promise<void> {
    const batch = this.#batch;
    this.#batch = [];
    if (batch.length > 0) await this.#terminal.print(this.#writer.rows(batch));
  }

  async end(): Promise<void> {
    await this.flush();
    await this.#terminal.print(this.#writer.end());
  }
}
