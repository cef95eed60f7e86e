/** People's own SQL over the lake's tables: one statement, read-only, confined to the lake's folder. */
import { defined } from "../../core/defined.ts";
import { DynalakeError } from "../../core/error.ts";
import {
  currentView,
  historyViews,
  type LakeView,
  segmentsView,
  snapshotsView,
  type ViewEngine,
  viewNames,
} from "../../core/overlay/lake-view.ts";
import { shownView } from "../../core/overlay/shown-view.ts";
import { valuePartitioning } from "../../core/overlay/table-parts.ts";
import { quoted } from "../../core/ports/dialect.ts";
import type { Cell, NumberForm, ResultColumn } from "../../core/ports/query-result.ts";
import { isReserved, writtenName } from "../../core/sql/reserved-words.ts";
import { statementTokens } from "../../core/sql/statement-tokens.ts";
import { TABLES_VIEW, tableMoments, tablesRelation } from "../../core/status/tables-view.ts";
import { keptSnapshots } from "../../core/table/kept-snapshots.ts";
import { type OpenTable, type TableState, tableAsOf } from "../../core/table/open-table.ts";
import type { DuckdbSession } from "../duckdb/duckdb-session.ts";
import { partScans } from "../duckdb/part-scans.ts";
import { rowBatches } from "../duckdb/row-batches.ts";
import type { LakeFolder } from "../folder/lake-folder.ts";
import { cellConverter } from "./cells.ts";
import { confine } from "./confinement.ts";
import type { KeptLog } from "./kept-log.ts";
import { keysAskedFor } from "./keys-asked-for.ts";
import { oneReading } from "./one-reading.ts";
import { type ReadRelations, readRelations } from "./read-relations.ts";

export interface QueryRequest {
  /** All tables of the lake. */
  readonly tables: readonly OpenTable[];
  readonly sql: string;
  readonly asOfSeconds?: number | undefined;
  readonly numbers: NumberForm;
  /** Where statements of an open lake keep its change log. Default: nowhere. */
  readonly keptLog?: KeptLog | undefined;
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
  await prepareQuery(lake, request);
  return streamedResult(session, request.sql, request.numbers);
}

/** Starts a statement in a session that has all that it reads. */
export async function streamedResult(
  session: DuckdbSession,
  sql: string,
  numbers: NumberForm,
): Promise<QueryResult> {
  const rows = await session.stream(sql);
  const columns = rows.columns.map(({ name, type }) => ({ name, type: type.alias ?? String(type) }));
  return { columns, rows: rowBatches(rows, cellConverter(numbers)) };
}

/**
 * The engine reads the end of a file when a view is made, when the statement is prepared, and for each scan, of which the change log
 * has two: a busy stream has hundreds of files in it. They never change, and the session ends with the statement.
 */
const KEEP_FOOTERS = "SET parquet_metadata_cache = true";

/**
 * Judges the statement, makes the views that it reads, and confines the session to the lake and to the folders in `also`. Fails as
 * `startQuery` does.
 */
export async function prepareQuery(
  lake: LakeFolder,
  request: Omit<QueryRequest, "numbers">,
  also: readonly string[] = [],
): Promise<void> {
  const { session } = lake;
  await session.run(KEEP_FOOTERS);
  const statement = await read(session, request);
  const names = new Set(request.tables.map(({ schema }) => schema.table));
  const { reads } = statement;
  const listsTables = !names.has(TABLES_VIEW) && (reads.asksForAll || reads.names.has(TABLES_VIEW));
  for (const table of request.tables) {
    for (const view of await wantedViews(lake, table, request, { ...statement, listsTables })) {
      // A table called "x_history" takes precedence over the history of "x".
      if (view.name !== table.schema.table && names.has(view.name)) continue;
      await session.run(`CREATE TEMP VIEW ${quoted(view.name)} AS ${view.sql}`);
    }
  }
  if (listsTables) await createTablesView(lake, request.tables);
  await confine(lake, also);
}

async function createTablesView(
  { engine, session, store }: LakeFolder,
  tables: readonly OpenTable[],
): Promise<void> {
  const facts = await Promise.all(tables.map((table) => tableMoments(store, table)));
  await session.run(`CREATE TEMP VIEW ${quoted(TABLES_VIEW)} AS ${tablesRelation(engine.dialect, facts)}`);
}

interface Statement {
  readonly tree: unknown;
  readonly reads: ReadRelations;
}

/** The statement, judged. Throws SQL_FAILED unless it is one that reads, and reads the lake's relations alone. */
async function read(
  session: DuckdbSession,
  { sql, tables }: Pick<QueryRequest, "sql" | "tables">,
): Promise<Statement> {
  const names = tables.map(({ schema }) => schema.table);
  const tree = await oneReading(session, sql).catch((error: unknown) => {
    throw withQuotedNames(error, sql, tables);
  });
  const reads = readRelations(tree);
  const known = new Set([...names.flatMap(viewNames), TABLES_VIEW, ...reads.own]);
  const missing = [...reads.names].find((name) => !known.has(name));
  if (missing !== undefined) throw noSuchRelation(missing, names); // breakage: relations-of-the-lake-alone
  return { tree, reads };
}

/** Only the views that the statement reads: each costs a listing. */
async function wantedViews(
  lake: LakeFolder,
  table: OpenTable,
  request: Omit<QueryRequest, "numbers">,
  { tree, reads, listsTables }: Statement & { readonly listsTables: boolean },
): Promise<readonly LakeView[]> {
  const { engine } = lake;
  const isRead = (name: string): boolean => reads.asksForAll || reads.names.has(name);
  const { table: name } = table.schema;
  if (!listsTables && !viewNames(name).some(isRead)) return [];
  const then = await asOf(lake, table, request, reads);
  if (then === undefined) return [];
  const keys = keysAskedFor(tree, then.schema);
  const { dialect } = engine;
  const reading = await currentEngine(lake, then, request, reads.asksForAll || reads.names.has(name));
  const views = [
    await currentView(reading, then, request.asOfSeconds, keys),
    ...(isRead(`${name}__segments`) ? [segmentsView(engine, then)] : []),
    ...(isRead(`${name}_snapshots`) ? [await snapshotsOf(lake, then)] : []),
  ].map((view) => shownView(dialect, then, view, "label"));
  if (!isRead(`${name}_history`) && !isRead(`${name}__changes`)) return views;
  const history = await historyViews(engine, table);
  return [...views, ...history.map((view) => shownView(dialect, table, view, "label"))];
}

/** How the statement reads the base and the change log of the table for its current rows. */
async function currentEngine(
  lake: LakeFolder,
  table: TableState,
  { sql, asOfSeconds, keptLog }: Omit<QueryRequest, "numbers">,
  isRead: boolean,
): Promise<ViewEngine> {
  const column = valuePartitioning(table.schema)?.column;
  const isNamed = column !== undefined && sql.toLowerCase().includes(column);
  const segments = isNamed ? await partScans(lake.session, lake.root, table) : undefined;
  // Statements of different times read different objects: their pieces would be read once.
  const isKept = isRead && asOfSeconds === undefined; // breakage: statements-of-a-time-make-no-pieces
  const changes = isKept ? await keptLog?.changesOf(lake, table) : undefined;
  return { ...lake.engine, ...defined({ segments, changes }) };
}

async function snapshotsOf({ engine, store }: LakeFolder, table: TableState): Promise<LakeView> {
  return snapshotsView(engine, table.schema, await keptSnapshots(store, table));
}

/** The table as it was; undefined where it was not there yet and the statement may not mean it. */
async function asOf(
  { store }: LakeFolder,
  table: OpenTable,
  { asOfSeconds }: Pick<QueryRequest, "asOfSeconds">,
  { own, names }: ReadRelations,
): Promise<TableState | undefined> {
  try {
    return await tableAsOf(store, table, asOfSeconds);
  } catch (error) {
    const means = viewNames(table.schema.table).some((name) => names.has(name) && !own.has(name));
    if (means || !(error instanceof DynalakeError && error.code === "AS_OF_UNKNOWN")) throw error;
    return undefined;
  }
}

/** Says which tables there are. */
function noSuchRelation(name: string, tables: readonly string[]): DynalakeError {
  const known =
    tables.length === 0 ? "it has no tables" : `its tables are ${tables.map(writtenName).join(", ")}`;
  return new DynalakeError("SQL_FAILED", `the lake has no table "${name}"; ${known}`, {
    next: "Correct the name in the statement. A table has its _history and _snapshots, too; SHOW TABLES lists all of them.",
  });
}

/** A statement that cannot be parsed may only lack quotes around the name of a table or a column. */
function withQuotedNames(error: unknown, sql: string, tables: readonly OpenTable[]): unknown {
  if (!(error instanceof DynalakeError)) return error;
  const words = new Set(
    statementTokens(sql).map(({ kind, text }) => (kind === "word" ? text.toLowerCase() : "")),
  );
  const isBare = (name: string): boolean => isReserved(name) && words.has(name.toLowerCase());
  const named = tables.map(({ schema }) => schema).filter(({ table }) => words.has(table));
  const table = named.find((each) => isBare(each.table))?.table;
  const column = named.flatMap(({ columns }) => columns.map(({ label }) => label)).find(isBare);
  const bare = table ?? column; // breakage: columns-of-reserved-names-are-told
  if (bare === undefined) return error;
  const next =
    table === undefined
      ? `"${bare}" is a word of SQL: if the column is meant, write it in quotes, ${writtenName(bare)}.`
      : `The name of the table is a word of SQL: write it in quotes, ${writtenName(bare)}.`;
  return new DynalakeError(error.code, error.message, { cause: error, next });
}
