/** People's own SQL over the lake's tables: one statement, read-only, with no way out of the lake's folder. */
import {
  DuckDBBlobValue,
  type DuckDBPreparedStatement,
  DuckDBStructType,
  type DuckDBType,
  DuckDBTypeId,
  type DuckDBValueConverter,
  type Json,
  JsonDuckDBValueConverter,
} from "@duckdb/node-api";
import { DynalakeError } from "../../core/error.ts";
import {
  chosenManifest,
  currentView,
  historyViews,
  type LakeView,
  segmentViews,
} from "../../core/overlay/lake-view.ts";
import { literal, quoted } from "../../core/ports/dialect.ts";
import type { Schema } from "../../core/schema/schema.ts";
import { schemaAt } from "../../core/table/lake-table.ts";
import { blobText } from "../../core/values/blob-text.ts";
import { engineError } from "../duckdb/duckdb-session.ts";
import { filePattern } from "../duckdb/file-pattern.ts";
import { type LakeFolder, openLakeFolder } from "../folder/lake-folder.ts";

export interface QueryRequest {
  readonly schemas: readonly Schema[];
  readonly sql: string;
  readonly asOfSeconds?: number;
}

export interface QueryColumn {
  readonly name: string;
  readonly type: DuckDBType;
  /** Its texts are numbers: whole ones, or decimals, that a double may not hold. */
  readonly exactNumber: boolean;
}

export interface QueryConsumer {
  readonly begin: (columns: readonly QueryColumn[]) => Promise<void>;
  /** Rows as plain JSON values; numbers beyond a double's reach and times are text. */
  readonly rows: (rows: readonly (readonly unknown[])[]) => Promise<void>;
}

/** Runs the statement in a session of its own and hands its rows on as they come. */
export async function runQuery(
  folder: string,
  request: QueryRequest,
  consumer: QueryConsumer,
): Promise<void> {
  const lake = await openLakeFolder(folder);
  try {
    const tables = new Set(request.schemas.map(({ table }) => table));
    for (const schema of request.schemas) {
      for (const view of await wantedViews(lake, schema, request)) {
        // A table called "x_history" goes before the history of "x".
        if (view.name !== schema.table && tables.has(view.name)) continue;
        await lake.session.run(`CREATE TEMP VIEW ${quoted(view.name)} AS ${view.sql}`);
      }
    }
    await confine(lake);
    const statement = await readOnlyStatement(lake, request.sql);
    const result = await statement.stream();
    const types = result.columnTypes();
    await consumer.begin(
      result.deduplicatedColumnNames().map((name, i) => {
        const type = types[i] as DuckDBType;
        return { name, type, exactNumber: EXACT_NUMBERS.has(type.typeId) };
      }),
    );
    for await (const rows of result.yieldConvertedRows(printed)) await consumer.rows(rows);
  } catch (error) {
    throw engineError(error);
  } finally {
    await lake.close();
  }
}

/** What the client makes of a value, but for two that it confuses with others. */
const printed: DuckDBValueConverter<Json> = (value, type, converter) => {
  // The client leaves a backslash as it is: its text may be that of other bytes, too.
  if (value instanceof DuckDBBlobValue) return blobText(value.bytes);
  if (type instanceof DuckDBStructType && type.entryNames.includes("__proto__")) {
    throw new DynalakeError("SQL_FAILED", 'a struct with a field called "__proto__" cannot be printed', {
      next: "Select its other fields one by one, or to_json(...) of it.",
    });
  }
  return JsonDuckDBValueConverter(value, type, converter);
};

const EXACT_NUMBERS: ReadonlySet<DuckDBTypeId> = new Set([
  DuckDBTypeId.BIGINT,
  DuckDBTypeId.UBIGINT,
  DuckDBTypeId.HUGEINT,
  DuckDBTypeId.UHUGEINT,
  DuckDBTypeId.DECIMAL,
]);

/** Statements that ask what there is to query: they see every table. */
const ASKS_FOR_TABLES = /\b(show|information_schema|duckdb_\w+|pg_\w+)\b/i;

/** Only the views whose names the statement mentions: each costs a listing. */
async function wantedViews(
  lake: LakeFolder,
  schema: Schema,
  request: QueryRequest,
): Promise<readonly LakeView[]> {
  const context = { store: lake.store, engine: lake.engine, schema };
  const mentions = (name: string): boolean =>
    request.sql.toLowerCase().includes(name) || ASKS_FOR_TABLES.test(request.sql);
  const { table } = schema;
  if (!mentions(table)) return [];
  const manifest = await chosenManifest(context, request.asOfSeconds);
  const then = { ...context, schema: await schemaAt(lake.store, manifest, schema) };
  const views = [await currentView(then, manifest, request.asOfSeconds), ...segmentViews(then, manifest)];
  if (mentions(`${table}_history`) || mentions(`${table}__changes`))
    views.push(...(await historyViews(context)));
  return views;
}

/** From here on the session reads nothing but the lake, loads nothing and cannot be talked out of it. */
async function confine(lake: LakeFolder): Promise<void> {
  await lake.session.run("SET preserve_insertion_order = true");
  // The views name files by patterns, and the engine asks for both: the pattern, and the file that it matches.
  const allowed = new Set([
    literal(lake.root),
    filePattern(lake.root),
    literal(lake.session.temporaryFolder),
  ]);
  await lake.session.run(`SET allowed_directories = [${[...allowed].join(", ")}]`);
  await lake.session.run("SET enable_external_access = false");
  await lake.session.run("SET lock_configuration = true");
}

/** What may stand before a SELECT to see its plan. ANALYZE runs the statement, so that it has to be one that reads. */
const EXPLAIN = /^\s*EXPLAIN\s+(?:ANALYZE\s+)?(?:\(\s*(?:ANALYZE|FORMAT)\b[^()]*\)\s*)?/i;

/** The answer of json_serialize_sql, which knows the statements that read and no others. */
interface SyntaxTree {
  readonly error_type?: string;
  readonly statements?: readonly unknown[];
}

/** The statement, judged by its syntax before the engine prepares it: to prepare EXPORT DATABASE makes a folder. */
async function readOnlyStatement(lake: LakeFolder, sql: string): Promise<DuckDBPreparedStatement> {
  const { connection } = lake.session;
  const explained = sql.replace(EXPLAIN, "");
  const reader = await connection.runAndReadAll(`SELECT json_serialize_sql(${literal(explained)})`);
  const tree = JSON.parse(String(reader.getRowsJS()[0]?.[0])) as SyntaxTree;
  // This only parses, and fails in the engine's own words, with the place.
  if (tree.error_type === "parser") await connection.extractStatements(sql);
  if (tree.statements === undefined) {
    throw new DynalakeError(
      "SQL_FAILED",
      "only statements that read can be run: SELECT, DESCRIBE, SUMMARIZE, SHOW, EXPLAIN, PIVOT with its values",
    );
  }
  if (tree.statements.length !== 1)
    throw new DynalakeError("SQL_FAILED", `one statement was expected, not ${tree.statements.length}`);
  return connection.prepare(sql);
}
