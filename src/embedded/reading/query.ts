/** People's own SQL over the lake's tables: one statement, read-only, confined to the lake's folder. */
import { labeledView } from "../../core/overlay/labeled-view.ts";
import { currentView, historyViews, type LakeView, segmentViews } from "../../core/overlay/lake-view.ts";
import { valuePartitioning } from "../../core/overlay/table-parts.ts";
import { literal, quoted } from "../../core/ports/dialect.ts";
import type { Cell, NumberForm, ResultColumn } from "../../core/ports/query-result.ts";
import { type OpenTable, tableAsOf } from "../../core/table/open-table.ts";
import { filePattern } from "../duckdb/file-pattern.ts";
import { partScans } from "../duckdb/part-scans.ts";
import { rowBatches } from "../duckdb/row-batches.ts";
import type { LakeFolder } from "../folder/lake-folder.ts";
import { cellConverter } from "./cells.ts";
import { keysAskedFor } from "./keys-asked-for.ts";
import { oneReading } from "./one-reading.ts";

export interface QueryRequest {
  /** All tables of the lake. */
  readonly tables: readonly OpenTable[];
  readonly sql: string;
  readonly asOfSeconds?: number | undefined;
  readonly numbers: NumberForm;
}

export interface QueryResult {
  readonly columns: readonly ResultColumn[];
  /** The rows in their order, some at a time. */
  readonly rows: AsyncIterable<readonly (readonly Cell[])[]>;
}

/**
 * Starts the statement. The lake is opened for it alone: its session reads nothing but the lake from then on. Fails with
 * SQL_FAILED, AS_OF_UNKNOWN, ENGINE_FAILED or DISK_FULL; so do the rows.
 */
export async function startQuery(lake: LakeFolder, request: QueryRequest): Promise<QueryResult> {
  const { session } = lake;
  const statement = await oneReading(session, request.sql);
  const names = new Set(request.tables.map(({ schema }) => schema.table));
  for (const table of request.tables) {
    for (const view of await wantedViews(lake, table, request, statement)) {
      // A table called "x_history" takes precedence over the history of "x".
      if (view.name !== table.schema.table && names.has(view.name)) continue;
      await session.run(`CREATE TEMP VIEW ${quoted(view.name)} AS ${view.sql}`);
    }
  }
  await confine(lake);
  const rows = await session.stream(request.sql);
  const columns = rows.columns.map(({ name, type }) => ({ name, type: type.alias ?? String(type) }));
  return { columns, rows: rowBatches(rows, cellConverter(request.numbers)) };
}

/** Statements that ask what there is to query: they see every table. */
const ASKS_FOR_TABLES = /\b(show|information_schema|duckdb_\w+|pg_\w+)\b/i;

/** Only the views whose names the statement mentions: each costs a listing. */
async function wantedViews(
  lake: LakeFolder,
  table: OpenTable,
  request: QueryRequest,
  statement: unknown,
): Promise<readonly LakeView[]> {
  const { store, engine } = lake;
  const mentions = (name: string): boolean =>
    request.sql.toLowerCase().includes(name) || ASKS_FOR_TABLES.test(request.sql);
  const { table: name } = table.schema;
  if (!mentions(name)) return [];
  const then = await tableAsOf(store, table, request.asOfSeconds);
  const keys = keysAskedFor(statement, then.schema);
  const column = valuePartitioning(then.schema)?.column;
  const segments =
    column !== undefined && mentions(column) ? await partScans(lake.session, lake.root, then) : undefined;
  const { dialect } = engine;
  const views = [
    await currentView(
      segments === undefined ? engine : { ...engine, segments },
      then,
      request.asOfSeconds,
      keys,
    ),
    ...segmentViews(engine, then).filter((view) => mentions(view.name)),
  ].map((view) => labeledView(dialect, then.schema, view));
  if (!mentions(`${name}_history`) && !mentions(`${name}__changes`)) return views;
  const history = await historyViews(engine, table);
  return [...views, ...history.map((view) => labeledView(dialect, table.schema, view))];
}

/** From here on the session reads nothing but the lake and loads nothing, and no statement can change that. */
async function confine(lake: LakeFolder): Promise<void> {
  await lake.session.run("SET preserve_insertion_order = true");
  // The views name files by patterns, and the engine asks for both: the pattern, and the file that it matches.
  const allowed = new Set([
    literal(lake.root),
    filePattern(lake.root),
    literal(lake.session.temporaryFolder),
  ]);
  await lake.session.run(`SET allowed_directories = [${[...allowed].join(", ")}]`);
  await lake.session.run("SET enable_external_access = false"); // breakage: external-access-disabled
  await lake.session.run("SET lock_configuration = true");
}
