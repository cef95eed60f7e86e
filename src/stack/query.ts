/** Queries of a deployment: the statement runs in Athena, in the lake's work group. */
import type { FinishedStatement } from "../aws/athena-client.ts";
import type { AwsLake } from "../aws/aws-lake.ts";
import { mentions, readingStatement, type UserStatement, withViews } from "../aws/user-statement.ts";
import { defined } from "../core/defined.ts";
import { DynalakeError } from "../core/error.ts";
import { currentView, type LakeView, segmentsView, snapshotsView } from "../core/overlay/lake-view.ts";
import type { Cell, ResultColumn } from "../core/ports/query-result.ts";
import { chosenTables } from "../core/table/chosen-tables.ts";
import { keptSnapshots } from "../core/table/kept-snapshots.ts";
import { tableAsOf } from "../core/table/open-table.ts";
import { athenaCell, athenaColumns } from "./athena-cells.ts";
import type { OpenedStack } from "./open-stack.ts";

/** A statement of people's own, checked. */
export type StackStatement = UserStatement;

/** Throws SQL_FAILED unless it is one statement that reads. */
export const stackStatement: (sql: string) => StackStatement = readingStatement;

export interface StackRows {
  readonly columns: readonly ResultColumn[];
  readonly rows: readonly (readonly Cell[])[];
}

export interface StackAnswer {
  readonly statement: FinishedStatement;
  /** Page by page, to be read once; there is at least one page. */
  readonly pages: AsyncIterable<StackRows>;
}

export interface StackQueryOptions {
  /** Default: now. */
  readonly asOfSeconds?: number | undefined;
  /** Stops the statement, as the stack's signal does. */
  readonly signal?: AbortSignal;
  /** The statement is stopped once it has read more. */
  readonly scannedBytesMax?: number | undefined;
}

/** Runs the statement to its end. */
export async function runStackQuery(
  stack: OpenedStack,
  statement: StackStatement,
  { asOfSeconds, ...limits }: StackQueryOptions = {},
): Promise<StackAnswer> {
  const { lake, database } = onlyLake(stack);
  const sql =
    asOfSeconds === undefined
      ? statement.sql
      : withViews(statement, await viewsOfTime(lake, stack, statement, asOfSeconds), database);
  const finished = await lake.engine.statements.run(sql, defined(limits));
  return { statement: finished, pages: pages(stack, lake, finished) };
}

/** The rows of a statement that has run, by its id; it does not run again. Fails with USAGE. */
export async function ranStackQuery(stack: OpenedStack, id: string): Promise<StackAnswer> {
  const { lake } = onlyLake(stack);
  const finished = await lake.engine.statements.finished(id);
  return { statement: finished, pages: pages(stack, lake, finished) };
}

/** Tables of several lakes may be deployed as one stack; a statement runs in one of them. */
function onlyLake(stack: OpenedStack): { readonly lake: AwsLake; readonly database: string } {
  const [first, ...others] = stack.deployments;
  if (first === undefined) throw new Error("a stack without a lake table was opened");
  if (others.every(({ database, workGroup }) => database === first.database && workGroup === first.workGroup))
    return { lake: stack.lakeOf(first), database: first.database };
  throw new DynalakeError("USAGE", "the stack has tables of several lakes", {
    next: "Ask in Athena itself, in the work group of the lake that is meant.",
  });
}

/** What the statement mentions of each lake table, as it was: its rows, its snapshots and its segments. */
async function viewsOfTime(
  { engine, store }: AwsLake,
  { place }: OpenedStack,
  statement: UserStatement,
  asOfSeconds: number,
): Promise<readonly LakeView[]> {
  const views: LakeView[] = [];
  const opened = await chosenTables(store, place, undefined);
  const tables = new Set(opened.map(({ schema }) => schema.table));
  for (const now of opened) {
    const { table } = now.schema;
    const wanted = [table, `${table}_snapshots`, `${table}__segments`].filter(
      // A table called "x_snapshots" takes precedence over the snapshots of "x".
      (name) => mentions(statement, name) && (name === table || !tables.has(name)),
    );
    if (wanted.length === 0) continue;
    const then = await tableAsOf(store, now, asOfSeconds);
    const kept = wanted.includes(`${table}_snapshots`) ? await keptSnapshots(store, then) : [];
    const all = [
      await currentView(engine, then, asOfSeconds),
      snapshotsView(engine, then.schema, kept),
      segmentsView(engine, then),
    ];
    views.push(...all.filter(({ name }) => wanted.includes(name)));
  }
  return views;
}

async function* pages(
  { signal }: OpenedStack,
  { engine }: AwsLake,
  finished: FinishedStatement,
): AsyncGenerator<StackRows> {
  for await (const { columns, rows } of engine.statements.pages(finished)) {
    if (signal.aborted) throw new DynalakeError("INCOMPLETE", "not all rows were read");
    const cells = rows.map((row) => row.map((value, i) => athenaCell(columns[i]?.type ?? "varchar", value)));
    yield { columns: athenaColumns(columns), rows: cells };
  }
}
