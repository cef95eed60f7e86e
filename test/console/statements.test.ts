/** Statements of the console: bounded in rows, in size, in time and in number, and stopped when their reader leaves. */
import { describe, expect, test } from "@jest/globals";
import { type StatementEngine, type StatementLimits, Statements } from "../../src/console/statements.ts";
import { DynalakeError } from "../../src/core/error.ts";
import type { Cell } from "../../src/core/ports/query-result.ts";
import { answerLines } from "../support/console-session.ts";

const LIMITS: StatementLimits = { rowsMax: 100, bytesMax: 10_000, secondsMax: 60, atOnceMax: 2 };
const ASKED = { sql: "SELECT 1", asOfSeconds: undefined };

type Start = (signal: AbortSignal) => AsyncIterable<readonly (readonly Cell[])[]>;

/** Statements over processes that answer with the batches of `start`. */
function statementsOver(start: Start, limits: Partial<StatementLimits> = {}): Statements {
  const engine: StatementEngine = {
    start: async (_, signal) => ({
      columns: [{ name: "n", type: "BIGINT" }],
      batches: start(signal),
    }),
  };
  return new Statements(engine, { ...LIMITS, ...limits }, () => 1_000);
}

const linesOf = (stream: ReadableStream<Uint8Array>): Promise<readonly object[]> =>
  answerLines(new Response(stream));

async function* batches(
  count: number,
  rows: number,
  cell: Cell = 1,
): AsyncGenerator<readonly (readonly Cell[])[]> {
  for (let i = 0; i < count; i++) yield Array.from({ length: rows }, () => [cell]);
}

describe("an answer", () => {
  test("has the columns, the rows and its end, and every digit", async () => {
    const statements = statementsOver(() => batches(1, 2, 12_345_678_901_234_567_890n));
    expect(await linesOf(statements.answer(ASKED))).toEqual([
      { columns: [{ name: "n", type: "BIGINT" }] },
      { rows: [["12345678901234567890"], ["12345678901234567890"]] },
      { end: { rows: 2, isCut: false, milliseconds: 0 } },
    ]);
    expect(statements.past).toEqual([{ sql: "SELECT 1", atSeconds: 1, rows: 2, milliseconds: 0 }]);
  });

  test.each([
    ["exactly the limit is whole", 2, 50, 100, false],
    ["more than the limit is cut there", 2, 51, 100, true],
    ["far more is not read", 1_000_000, 60, 100, true],
  ])("of %s", async (_, count, rows, shown, isCut) => {
    const lines = await linesOf(statementsOver(() => batches(count, rows)).answer(ASKED));
    expect(lines.at(-1)).toEqual({ end: { rows: shown, isCut, milliseconds: 0 } });
  });

  test("is cut where it is too large", async () => {
    const lines = await linesOf(statementsOver(() => batches(50, 1, "x".repeat(4_000))).answer(ASKED));
    expect(lines.at(-1)).toEqual({ end: { rows: 3, isCut: true, milliseconds: 0 } });
  });

  test("of a statement that fails is its error", async () => {
    const statements = statementsOver(async function* () {
      yield await Promise.reject(new DynalakeError("SQL_FAILED", "no such column", { next: "Correct it." }));
    });
    const lines = await linesOf(statements.answer(ASKED));
    expect(lines.at(-1)).toEqual({
      error: { code: "SQL_FAILED", message: "no such column", next: "Correct it." },
    });
    expect(statements.past[0]?.rows).toBeUndefined();
  });
});

/** Rows that never come, until the statement is stopped. */
async function* never(signal: AbortSignal): AsyncGenerator<readonly (readonly Cell[])[]> {
  await new Promise<void>((_, reject) => {
    const onAbort = (): void => reject(signal.reason);
    if (signal.aborted) onAbort();
    else signal.addEventListener("abort", onAbort);
  });
  yield [];
}

test("a reader who leaves stops the statement, and makes room for another", async () => {
  const signals: AbortSignal[] = [];
  const statements = statementsOver((signal) => {
    signals.push(signal);
    return never(signal);
  });
  const one = statements.answer(ASKED).getReader();
  const two = statements.answer(ASKED).getReader();
  await one.read();
  await two.read();
  expect(() => statements.answer(ASKED)).toThrow("2 statements are running");
  await one.cancel();
  expect(signals.map(({ aborted }) => aborted)).toEqual([true, false]);
  const three = statements.answer(ASKED).getReader();
  await three.read();
  await Promise.all([two.cancel(), three.cancel()]);
  expect(signals.every(({ aborted }) => aborted)).toBe(true);
});

test("a statement that takes too long is stopped, and says so", async () => {
  const lines = await linesOf(statementsOver(never, { secondsMax: 0.05 }).answer(ASKED));
  expect(lines.at(-1)).toMatchObject({ error: { code: "INCOMPLETE" } });
});
