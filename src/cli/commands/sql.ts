/** `dynalake sql`: a prompt for statements, each in a process of its own. */
import { DynalakeError } from "../../core/error.ts";
import { lakeRelations } from "../../library/lake-relations.ts";
import { StatementProcesses } from "../../library/statement-processes.ts";
import { type CommandContext, EXIT, type ExitCode } from "../context/command.ts";
import { givenTime } from "../context/given-time.ts";
import { withFolder } from "../context/opened.ts";
import { RowPrinter } from "../reports/row-printer.ts";
import { runShell, type ShellWork } from "../shell/lake-shell.ts";
import { SHELL_COMMANDS, type ShellState, shellCommand } from "../shell/shell-commands.ts";
import { completed, type KnownRelation } from "../shell/shell-completion.ts";
import { historyFile, readHistory, writeHistory } from "../shell/shell-history.ts";

export interface SqlOptions {
  readonly lake: string;
  readonly asOf?: string;
}

export async function sqlCommand(context: CommandContext, options: SqlOptions): Promise<ExitCode> {
  const { terminal, stdin: input, stdout: output, interrupted } = context;
  const isInteractive = input.isTTY === true && output.isTTY === true;
  const file = isInteractive ? historyFile(context.settings.environment, context.absolute) : undefined;
  const state: ShellState = {
    format: "table",
    asOfSeconds: options.asOf === undefined ? undefined : givenTime(context, options.asOf),
  };
  return withFolder(context, options.lake, async (lake) => {
    const tables = await lake.opened();
    const processes = new StatementProcesses();
    try {
      if (isInteractive)
        terminal.note(
          `${tables.map(({ name }) => name).join(", ")}. Statements end with a semicolon; .help lists commands, Ctrl-D ends.`,
        );
      const folder = lake.folder;
      const statements = { context, processes, folder, state };
      const work = isInteractive
        ? talkative(
            context,
            shellWork(statements, () => lakeRelations(lake)),
          )
        : shellWork(statements, () => lakeRelations(lake));
      const history = await readHistory(file);
      const kept = await runShell({ input, output, isInteractive, history, interrupted }, work);
      if (file !== undefined && !(await writeHistory(file, kept)))
        terminal.note(`The history was not kept: ${file} cannot be written`);
      return EXIT.done;
    } finally {
      await processes.close();
    }
  });
}

interface Statements {
  readonly context: CommandContext;
  readonly processes: StatementProcesses;
  readonly folder: string;
  readonly state: ShellState;
}

function shellWork(statements: Statements, read: () => Promise<readonly KnownRelation[]>): ShellWork {
  const { context, state } = statements;
  let known: readonly KnownRelation[] = [];
  const relations = async (): Promise<readonly KnownRelation[]> => {
    known = await read();
    return known;
  };
  // For Tab, which does not wait. Whatever is wrong with the lake, a statement says it.
  if (context.stdin.isTTY === true) void relations().catch(() => undefined);
  return {
    statement: (sql, stopped) => printStatement(statements, sql, stopped),
    command: (line) =>
      shellCommand(line, {
        state,
        relations,
        print: (text) => context.terminal.print(text),
        width: () => widthOf(context),
        nowSeconds: () => Math.floor(context.timing.nowMs() / 1000),
      }),
    complete: (typed) => completed(typed, known, Object.keys(SHELL_COMMANDS)),
  };
}

async function printStatement(
  { context, processes, folder, state }: Statements,
  sql: string,
  stopped: AbortSignal,
): Promise<void> {
  const { asOfSeconds, format } = state;
  const request = { folder, sql, asOfSeconds, numbers: "string" } as const;
  const { columns, batches } = await processes.start(request, stopped);
  const printer = new RowPrinter(context.terminal, format, {
    sql,
    width: widthOf(context),
    wholeBy: ".format csv or json",
  });
  await printer.begin(columns);
  for await (const batch of batches) for (const row of batch) if (printer.add(row)) await printer.flush();
  await printer.end();
}

/** The terminal may have another width than before. */
function widthOf({ stdout }: CommandContext): number | undefined {
  return stdout.isTTY === true ? stdout.columns : undefined;
}

/** For a person: failures are shown and the prompt goes on, and each statement says how long it took. */
function talkative({ terminal, timing }: CommandContext, work: ShellWork): ShellWork {
  const shown = (error: unknown): void => {
    if (!(error instanceof DynalakeError)) throw error;
    terminal.note(`error ${error.code}: ${error.message}\n  -> ${error.next}`);
  };
  return {
    ...work,
    statement: async (sql, stopped) => {
      const begunMs = timing.nowMs();
      try {
        await work.statement(sql, stopped);
        terminal.note(`${((timing.nowMs() - begunMs) / 1000).toFixed(2)} s`);
      } catch (error) {
        if (stopped.aborted) terminal.note("Stopped");
        else shown(error);
      }
    },
    command: async (line) => {
      try {
        return await work.command(line);
      } catch (error) {
        shown(error);
        return true;
      }
    },
  };
}
