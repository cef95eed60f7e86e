/** Opens the console of a deployed lake: its reading, its statements in Athena, its page and its server. */
import type { OpenedStack } from "../stack/open-stack.ts";
import { runStackQuery, type StackRows, stackStatement } from "../stack/query.ts";
import { statementPrice } from "../stack/statement-price.ts";
import { shellWord } from "./command-line.ts";
import { lakeConsole } from "./lake-console.ts";
import { readPageFiles } from "./page-files.ts";
import { ResultFiles } from "./result-files.ts";
import { stackSource } from "./stack-source.ts";
import { type ConsoleOptions, type RunningConsole, startConsole } from "./start-console.ts";
import { STATEMENT_LIMITS, type StatementEngine, Statements } from "./statements.ts";

export interface StackConsoleOptions extends Omit<ConsoleOptions, "page"> {
  /** A statement that may read more waits for an agreement. */
  readonly askAboveBytes: number;
}

/** `stack` stays the caller's, who closes it. */
export async function openStackConsole(
  stack: OpenedStack,
  { askAboveBytes, ...options }: StackConsoleOptions,
): Promise<RunningConsole> {
  const region = stack.region === undefined ? [] : ["--region", stack.region];
  const words = ["--stack", stack.stack, ...region];
  const place = { kind: "stack", name: stack.stack, option: words.map(shellWord).join(" ") } as const;
  const reading = lakeConsole(stackSource(stack, askAboveBytes), place, options.nowMs);
  const statements = new Statements(stackEngine(stack, askAboveBytes), STATEMENT_LIMITS, options.nowMs);
  const files = new ResultFiles({
    words,
    ran: (asked) => {
      const execution = statements.executionOf(asked);
      return execution === undefined ? undefined : ["--execution", execution];
    },
  });
  return startConsole({ lake: reading, statements, files }, { ...options, page: readPageFiles() });
}

/** Statements in Athena, which cost what they read. */
export function stackEngine(stack: OpenedStack, askAboveBytes: number): StatementEngine {
  return {
    pricing: {
      freeBytes: askAboveBytes,
      of: async ({ sql, asOfSeconds }) => statementPrice(stack, stackStatement(sql), asOfSeconds),
    },
    start: async ({ sql, asOfSeconds }, signal, scannedBytesMax) => {
      const asked = { asOfSeconds, signal, scannedBytesMax };
      const { statement, pages } = await runStackQuery(stack, stackStatement(sql), asked);
      const reading = pages[Symbol.asyncIterator]();
      const first = await reading.next();
      const { columns, rows } = first.done === true ? { columns: [], rows: [] } : first.value;
      return {
        columns,
        batches: batchesAfter(rows, reading),
        scannedBytes: statement.scannedBytes,
        execution: statement.id,
      };
    },
  };
}

async function* batchesAfter(
  first: StackRows["rows"],
  pages: AsyncIterator<StackRows>,
): AsyncGenerator<StackRows["rows"]> {
  yield first;
  for (let next = await pages.next(); next.done !== true; next = await pages.next()) yield next.value.rows;
}
