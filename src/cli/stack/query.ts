/** `dynalake query --stack "SELECT ..."`: the statement runs in Athena, in the work group of the lake. */
import type { FinishedStatement } from "../../aws/athena-client.ts";
import type { AwsLake } from "../../aws/aws-lake.ts";
import { mentions, readingStatement, type UserStatement, withViews } from "../../aws/user-statement.ts";
import { DynalakeError } from "../../core/error.ts";
import { chosenManifest, currentView, type LakeView, segmentViews } from "../../core/overlay/lake-view.ts";
import { chosenSchemas } from "../../core/table/chosen-schemas.ts";
import { schemaAt } from "../../core/table/lake-table.ts";
import { type CommandContext, EXIT, type ExitCode } from "../command.ts";
import type { QueryOptions } from "../commands/query.ts";
import type { StackTarget } from "../lake-target.ts";
import { type OpenedStack, openStack } from "../opened-stack.ts";
import { resultWriter } from "../result-format.ts";
import { parseTime } from "../time-option.ts";
import { printedColumns, printedValue } from "./printed-values.ts";
import { withClock } from "./with-clock.ts";

export async function queryOnStack(
  context: CommandContext,
  target: StackTarget,
  text: string,
  options: QueryOptions,
): Promise<ExitCode> {
  const statement = readingStatement(text);
  const asOfSeconds = options.asOf === undefined ? undefined : parseTime(options.asOf);
  const stack = await openStack(context, target);
  try {
    const { lake, database } = onlyLake(stack);
    const sql =
      asOfSeconds === undefined
        ? statement.sql
        : withViews(statement, await viewsOfTime(lake, stack, statement, asOfSeconds), database);
    const finished = await withClock(context.terminal, "running in Athena", lake.engine.statements.run(sql));
    await printRows(context, lake, finished, options);
    return EXIT.done;
  } finally {
    await stack.close();
  }
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
  const schemas = await chosenSchemas(store, place, undefined);
  const tables = new Set(schemas.map(({ table }) => table));
  for (const schema of schemas) {
    const { table } = schema;
    const wanted = [table, `${table}_snapshots`, `${table}__segments`].filter(
      // A table called "x_snapshots" goes before the snapshots of "x".
      (name) => mentions(statement, name) && (name === table || !tables.has(name)),
    );
    if (wanted.length === 0) continue;
    const context = { store, engine, schema };
    const manifest = await chosenManifest(context, asOfSeconds);
    const then = { ...context, schema: await schemaAt(store, manifest, schema) };
    const all = [await currentView(then, manifest, asOfSeconds), ...segmentViews(then, manifest)];
    views.push(...all.filter(({ name }) => wanted.includes(name)));
  }
  return views;
}

async function printRows(
  { terminal, interrupted }: CommandContext,
  { engine }: AwsLake,
  finished: FinishedStatement,
  options: QueryOptions,
): Promise<void> {
  const writer = resultWriter(options.format);
  let begun = false;
  for await (const { columns, rows } of engine.statements.pages(finished)) {
    if (interrupted.aborted) throw new DynalakeError("INCOMPLETE", "not all rows were printed");
    if (!begun) await terminal.print(writer.begin(printedColumns(columns)));
    begun = true;
    const printed = rows.map((row) =>
      row.map((value, i) => printedValue(columns[i]?.type ?? "varchar", value)),
    );
    await terminal.print(writer.rows(printed));
  }
  await terminal.print(writer.end());
}
