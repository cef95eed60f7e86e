/** The rows of a statement as Parquet, written by the engine: a file, or a folder of them in parts by some columns. */
import { dirname } from "node:path";
import { counted } from "../../core/counted.ts";
import { DynalakeError } from "../../core/error.ts";
import { literal, quoted } from "../../core/ports/dialect.ts";
import type { DuckdbSession, StreamedColumn } from "../duckdb/duckdb-session.ts";
import type { LakeFolder } from "../folder/lake-folder.ts";
import { parquetColumn, tooLong } from "./parquet-column.ts";
import { prepareQuery, type QueryRequest } from "./query.ts";

export interface ParquetPlace {
  /** Absolute; made by this. Its folder holds nothing else that matters. */
  readonly path: string;
  /** Columns whose values become folders, `<column>=<value>`; none for one file. */
  readonly partitionBy: readonly string[];
}

export interface ParquetRequest extends Omit<QueryRequest, "numbers">, ParquetPlace {}

/** Resolves to the number of rows. Fails as a query does, and with USAGE where the columns cannot be folders. */
export async function writeParquet(lake: LakeFolder, request: ParquetRequest): Promise<number> {
  await prepareQuery(lake, request, [dirname(request.path)]);
  return copyParquet(lake.session, request.sql, request);
}

/** Writes the rows of a statement, in a session that has all that it reads. Fails as `writeParquet` does. */
export async function copyParquet(
  session: DuckdbSession,
  sql: string,
  { path, partitionBy }: ParquetPlace,
): Promise<number> {
  // As a text: a comment or a semicolon at its end stays its own.
  const statement = `query(${literal(sql)})`;
  const columns = await columnsOf(session, statement);
  await requireFolders(session, statement, columns, partitionBy);
  const parts = partitionBy.length === 0 ? "" : `, PARTITION_BY (${partitionBy.map(quoted).join(", ")})`;
  const written = columns.map(({ name, type }) => parquetColumn(name, type)).join(", ");
  const copy = `COPY (SELECT ${written} FROM ${statement}) TO ${literal(path)} (FORMAT parquet, COMPRESSION zstd${parts})`;
  const [copied] = await session.rows(copy).catch((error: unknown) => {
    throw withRefusal(error, columns);
  });
  return Number(copied?.Count ?? 0);
}

async function columnsOf(session: DuckdbSession, statement: string): Promise<readonly StreamedColumn[]> {
  const rows = await session.stream(`SELECT * FROM ${statement} LIMIT 0`);
  await rows.next();
  return rows.columns;
}

/** The error of a number that Parquet cannot hold, which the statement has found. */
function withRefusal(error: unknown, columns: readonly StreamedColumn[]): unknown {
  if (!(error instanceof DynalakeError)) return error;
  const said = columns.map(({ name }) => tooLong(name)).find((text) => error.message.includes(text));
  if (said === undefined) return error;
  return new DynalakeError("SQL_FAILED", said, {
    cause: error,
    next: "Write it as text, CAST(... AS VARCHAR), or as csv or jsonl, which hold every digit.",
  });
}

const PARTS_MAX = 1_000;
const WHOLE = /^U?(TINY|SMALL|BIG)?INT(EGER)?$/;

/**
 * Readers of such folders guess the type of a column by its values: NULL fails them, and the text 00123 becomes the number 123. So
 * only values are taken that every reader takes for what they are.
 */
async function requireFolders(
  session: DuckdbSession,
  statement: string,
  columns: readonly StreamedColumn[],
  partitionBy: readonly string[],
): Promise<void> {
  for (const name of partitionBy) {
    const found = columns.find((column) => column.name === name);
    if (found === undefined) throw new DynalakeError("USAGE", `the result has no column "${name}"`);
    const type = found.type.alias ?? String(found.type);
    const isText = type === "VARCHAR";
    if (!isText && type !== "DATE" && !WHOLE.test(type))
      throw refused(name, `is of type ${type}: dates, integers and texts can be folders`);
    const column = quoted(name);
    const odd = isText ? `count(*) FILTER (NOT regexp_matches(${column}, '^[A-Za-z]'))` : "0";
    const [facts] = await session.rows(
      `SELECT count(*) FILTER (${column} IS NULL) AS missing, ${odd} AS odd, count(DISTINCT ${column}) AS parts FROM ${statement}`,
    );
    // breakage: folders-without-null
    if (Number(facts?.missing) > 0) throw refused(name, "has NULLs");
    if (Number(facts?.odd) > 0) throw refused(name, "has texts that do not begin with a letter");
    const parts = Number(facts?.parts);
    if (parts > PARTS_MAX)
      throw refused(name, `has ${counted(parts, "value")}, and at most 1,000 can be folders`);
  }
}

function refused(column: string, why: string): DynalakeError {
  return new DynalakeError("USAGE", `the column "${column}" ${why}`, {
    next: "Choose another column, or write one file.",
  });
}
