/** The query engine on this machine: DuckDB over the lake's folder. */
import { rm, stat } from "node:fs/promises";
import { dirname } from "node:path";
import type { Segment } from "../../core/format/manifest.ts";
import { segmentName } from "../../core/format/segment-name.ts";
import { literal, quoted } from "../../core/ports/dialect.ts";
import type { Cut, QueryEngine, StageRequest } from "../../core/ports/query-engine.ts";
import { duckdb } from "../../core/sql/duckdb.ts";
import { fileError } from "../../files/file-error.ts";
import { makeFolder, removeFile, syncFile, syncFolder } from "../../files/folder-store.ts";
import { isOutOfMemory } from "./duckdb-error.ts";
import type { DuckdbSession, StatementLane } from "./duckdb-session.ts";
import { fileRelations, segmentFiles } from "./file-relations.ts";

/** Rows of a Parquet row group: small enough that a query by key opens few. */
const ROW_GROUP_ROWS = 122_880;
/**
 * And of one of several files, in each of which a query by key opens one: a file has two. Each has its own dictionaries, so that
 * smaller ones would make every other query slower.
 */
const PIECE_ROW_GROUP_ROWS = 51_200;
/** And their bytes: a row group is in memory whole while it is written, and rows can have 400 KB. */
export const ROW_GROUP_BYTES: number = 32 * 1024 * 1024;
/** Of zstd. The engine's own, 3, writes files that are 3% smaller in a sixth more CPU time. */
const COMPRESSION_LEVEL = 2;

/** Some hundred megabytes of a hash table. */
const KEYS_AT_ONCE_MAX = 2_000_000;

/** A COPY writes one sorted file. */
const PARTS_AT_ONCE_MAX = 1;

/** At some hundred bytes each, so that two files, which are written side by side, are sorted in a few hundred megabytes. */
export const ROWS_PER_FILE_MAX = 100_000;

export function duckdbEngine(root: string, session: DuckdbSession): QueryEngine {
  return {
    dialect: duckdb,
    keysAtOnceMax: KEYS_AT_ONCE_MAX,
    partsAtOnceMax: PARTS_AT_ONCE_MAX,
    rowsPerFileMax: ROWS_PER_FILE_MAX,
    ...fileRelations(root),
    rows: (sql) => session.rows(sql),
    stage: (request) => stage(root, session, request),
  };
}

async function stage(
  root: string,
  session: DuckdbSession,
  request: StageRequest,
): Promise<readonly Segment[]> {
  const staged: Segment[] = [];
  for (const part of request.cut.parts) {
    const segment = await stagePart(root, session, request, part);
    if (segment !== undefined) staged.push(segment);
  }
  return staged;
}

/** The segment of a part, or undefined if it has no rows. Its pieces are written side by side. */
async function stagePart(
  root: string,
  session: DuckdbSession,
  request: StageRequest,
  { part, where }: Cut["parts"][number],
): Promise<Segment | undefined> {
  const { schema, run, kind, pieces = [] } = request;
  const isWhole = where !== undefined || pieces.length < 2;
  const place = { run, part, ...(isWhole ? {} : { files: pieces.length }) };
  const files = segmentFiles(root, schema.table, place);
  const all = where === undefined ? request.rows : `SELECT * FROM (${request.rows}) WHERE ${where}`;
  const groupRows = isWhole ? ROW_GROUP_ROWS : PIECE_ROW_GROUP_ROWS;
  const left = [...files.entries()];
  const written: { readonly rows: number; readonly bytes: number }[] = [];
  const write = async (lane: StatementLane): Promise<void> => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) {
      const [number, file] = next;
      try {
        const statement = isWhole ? all : (pieces[number] as string);
        const rows = await copySorted(lane, statement, request, { file, groupRows });
        written.push({ rows, bytes: (await stat(file)).size });
      } catch (error) {
        left.length = 0;
        await removeFile(file, root);
        throw error;
      }
    }
  };
  if (isWhole) await write(session);
  else await session.inLanes(write);
  const rows = written.reduce((sum, file) => sum + file.rows, 0);
  const bytes = written.reduce((sum, file) => sum + file.bytes, 0);
  if (rows > 0) return { id: segmentName({ kind, run, part }), kind, ...place, rows, bytes };
  for (const file of files) await removeFile(file, root);
  return undefined;
}

/**
 * Sorted rows are found sooner by their keys, and nothing else asks for an order. The engine holds parts of all sorted runs
 * in memory to merge them: rows of some kilobytes, a gigabyte of them, stay as they come where that is too much.
 */
async function copySorted(
  session: StatementLane,
  rows: string,
  request: StageRequest,
  target: ParquetTarget,
): Promise<number> {
  try {
    return await copyToParquet(session, sorted(rows, request), target);
  } catch (error) {
    if (!isOutOfMemory(error)) throw error;
    return copyToParquet(session, rows, target);
  }
}

/** Constants are filled in again after the sort, so that the engine drops them from what it moves. */
function sorted(rows: string, { sortBy, constants = [] }: StageRequest): string {
  const ordered = `${rows} ORDER BY ${sortBy.map(quoted).join(", ")}`;
  if (constants.length === 0) return ordered;
  const replaced = constants.map(({ name, value }) => `${value} AS ${quoted(name)}`).join(", ");
  return `SELECT * REPLACE (${replaced}) FROM (${ordered})`;
}

export interface ParquetTarget {
  readonly file: string;
  /** Rows of a row group. Default: those of a file that is alone. */
  readonly groupRows?: number;
}

/** Writes the rows of a statement as one Parquet file, durable; returns their number. */
export async function copyToParquet(
  session: StatementLane,
  rows: string,
  { file, groupRows = ROW_GROUP_ROWS }: ParquetTarget,
): Promise<number> {
  try {
    await makeFolder(dirname(file));
    const groups = `ROW_GROUP_SIZE ${groupRows}, ROW_GROUP_SIZE_BYTES ${ROW_GROUP_BYTES}`;
    const format = `FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL ${COMPRESSION_LEVEL}, ${groups}`;
    const [copied] = await session.rows(`COPY (${rows}) TO ${literal(file)} (${format})`);
    await syncFile(file);
    await syncFolder(dirname(file));
    return Number(copied?.Count ?? 0);
  } catch (error) {
    await rm(file, { force: true }).catch(() => undefined);
    throw fileError(error, file);
  }
}
