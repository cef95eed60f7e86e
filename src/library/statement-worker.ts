/**
 * A process for one statement of somebody else, which `statement-processes.ts` starts: what the engine does to the process that it
 * runs in, it does to this one, and nothing outlives it. It ends with the statement, or with the process that asked.
 */
import { DynalakeError } from "../core/error.ts";
import type { Cell } from "../core/ports/query-result.ts";
import { removeTemporaryFolders } from "../files/temporary-folder.ts";
import { systemTiming } from "../sdk/timing.ts";
import { openFolderLake } from "./folder-lake.ts";
import type { FromStatement, StatementRequest, ToStatement } from "./statement-message.ts";

/** Rows are sent this many at a time, or as many as have about this many characters. */
const BATCH_ROWS_MAX = 2_048;
const BATCH_CHARACTERS_MAX = 1_000_000;

let isMoreAskedFor: () => void = () => undefined;
let moreAsked = Promise.resolve();

function expectMore(): void {
  moreAsked = new Promise((resolve) => {
    isMoreAskedFor = resolve;
  });
}

// At the end of the statement, when it is stopped, and when the process that asked is gone. An orderly exit would wait for the engine.
process.on("disconnect", () => {
  removeTemporaryFolders();
  process.kill(process.pid, "SIGKILL");
});
process.on("message", (message: ToStatement) => {
  if (message.kind === "more") isMoreAskedFor();
  else void run(message.request).finally(() => process.disconnect());
});
// What a statement needs is loaded before there is one.
await Promise.all([import("../embedded/reading/query.ts"), import("../embedded/folder/lake-folder.ts")]);

async function run({ folder, sql, asOfSeconds, numbers }: StatementRequest): Promise<void> {
  expectMore();
  const lake = await openFolderLake(folder, {}, systemTiming);
  try {
    const asOf = asOfSeconds === undefined ? {} : { asOf: new Date(asOfSeconds * 1000) };
    const query = lake.query(sql, { ...(numbers === "safe" ? {} : { numbers }), ...asOf });
    await answer({ kind: "columns", columns: await query.columns() });
    let rows: (readonly Cell[])[] = [];
    let characters = 0;
    for await (const row of query.arrays()) {
      rows.push(row);
      characters += charactersOf(row);
      if (rows.length < BATCH_ROWS_MAX && characters < BATCH_CHARACTERS_MAX) continue;
      await sendWhenAsked({ kind: "rows", rows });
      rows = [];
      characters = 0;
    }
    if (rows.length > 0) await sendWhenAsked({ kind: "rows", rows });
    await sendWhenAsked({ kind: "end" });
  } catch (error) {
    await answer(failure(error));
  } finally {
    await lake.close();
  }
}

/** About how much a row weighs: only texts can be large, and what nests them. */
function charactersOf(row: readonly Cell[]): number {
  return row.reduce<number>(
    (sum, cell) =>
      sum + (typeof cell === "string" ? cell.length : typeof cell === "object" && cell !== null ? 200 : 8),
    0,
  );
}

/** The engine goes no further than what is asked for. */
async function sendWhenAsked(message: FromStatement): Promise<void> {
  await moreAsked;
  expectMore();
  await answer(message);
}

function answer(message: FromStatement): Promise<void> {
  return new Promise((resolve) => process.send?.(message, () => resolve()));
}

function failure(error: unknown): FromStatement {
  if (!(error instanceof DynalakeError))
    return { kind: "failure", code: undefined, message: String(error), next: undefined };
  const { code, message, next } = error;
  return { kind: "failure", code, message, next };
}
