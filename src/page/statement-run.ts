/** One statement on its way: the lines of its answer become columns while they come. */
import type { ApiError, ShownValue, StatementEnd, StatementLine, StatementPrice } from "../console/api.ts";
import { columnKind, type Result, shownType } from "./result.ts";
import { Failure, sendForAnswer } from "./session.ts";

export interface StatementAnswer extends Pick<StatementEnd, "isCut" | "milliseconds" | "scannedBytes"> {
  readonly result: Result;
}

export interface StatementRequest {
  readonly sql: string;
  readonly asOfSeconds?: number;
  /** What somebody agreed to pay for. */
  readonly agreedBytes?: number;
}

/** The answer, or what it may cost and has to be agreed to first. Rejects with Failure, and as the signal says. `onRows`: how many have come. */
export async function runStatement(
  request: StatementRequest,
  signal: AbortSignal,
  onRows: (rows: number) => void,
): Promise<StatementAnswer | StatementPrice> {
  const answer = await sendForAnswer("/api/statements", request, signal);
  const columns: { name: string; type: string; values: ShownValue[] }[] = [];
  let rows = 0;
  for await (const line of linesOf(answer)) {
    if ("price" in line) return line.price;
    if ("columns" in line)
      columns.push(...line.columns.map(({ name, type }) => ({ name, type: shownType(type), values: [] })));
    else if ("rows" in line) {
      for (const row of line.rows)
        for (const [i, column] of columns.entries()) column.values.push(row[i] ?? null);
      rows += line.rows.length;
      onRows(rows);
    } else if ("error" in line) throw new Failure(line.error);
    else {
      const kinds = columns.map((column) => ({ ...column, kind: columnKind(column.type) }));
      return { ...line.end, result: { columns: kinds, rows } };
    }
  }
  const cut: ApiError = {
    code: "INCOMPLETE",
    message: "The answer ended before its end.",
    next: "Run the statement again.",
  };
  throw new Failure(cut);
}

async function* linesOf({ body }: Response): AsyncGenerator<StatementLine> {
  if (body === null) return;
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    const lines = (rest + next.value).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) yield JSON.parse(line) as StatementLine;
  }
}
