/** The query engine on this machine: DuckDB over the lake's folder. */
import { rm, stat } from "node:fs/promises";
import { dirname } from "node:path";
import type { Segment } from "../../core/format/manifest.ts";
import { segmentName } from "../../core/format/segment-name.ts";
import { literal, quoted } from "../../core/ports/dialect.ts";
import type { QueryEngine, StageRequest } from "../../core/ports/query-engine.ts";
import { duckdb } from "../../core/sql/duckdb.ts";
import { fileError } from "../../files/file-error.ts";
import { makeFolder, removeFile, syncFile, syncFolder } from "../../files/folder-store.ts";
import { isOutOfMemory } from "./duckdb-error.ts";
import type { DuckdbSession } from "./duckdb-session.ts";
import { fileRelations, segmentFile } from "./file-relations.ts";

/** Rows of a Parquet row group: small enough that a query by key opens few. */
const ROW_GROUP_ROWS = 122_880;
/** And their bytes: a row group is in memory whole while it is written, and rows can have 400 KB. */
const ROW_GROUP_BYTES = 32 * 1024 * 1024;

/** Some hundred megabytes of a hash table. */
const KEYS_AT_ONCE_MAX = 2_000_000;

/** A COPY writes one sorted file. */
const PARTS_AT_ONCE_MAX = 1;

export function duckdbEngine(root: string, session: DuckdbSession): QueryEngine {
  return {
    dialect: duckdb,
    keysAtOnceMax: KEYS_AT_ONCE_MAX,
    partsAtOnceMax: PARTS_AT_ONCE_MAX,
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
  const { schema, run, kind } = request;
  const staged: Segment[] = [];
  for (const { part, where } of request.cut.parts) {
    const file = segmentFile(root, schema.table, { run, part });
    const rows = where === undefined ? request.rows : `SELECT * FROM (${request.rows}) WHERE ${where}`;
    const count = await copySorted(session, rows, request, file).catch(async (error: unknown) => {
      await removeFile(file, root);
      throw error;
    });
    if (count === 0) await removeFile(file, root);
    else
      staged.push({
        id: segmentName({ kind, run, part }),
        run,
        part,
        kind,
        rows: count,
        bytes: (await stat(file)).size,
      });
  }
  return staged;
}

/**
 * Sorted rows are found sooner by their keys, and nothing else asks for an order. The engine holds parts of all sorted runs
 * in memory to merge them: rows of some kilobytes, a gigabyte of them, stay as they come where that is too much.
 */
async function copySorted(
  session: DuckdbSession,
  rows: string,
  request: StageRequest,
  file: string,
): Promise<number> {
  try {
    return await copyToParquet(session, sorted(rows, request), file);
  } catch (error) {
    if (!isOutOfMemory(error)) throw error;
    return copyToParquet(session, rows, file);
  }
}

/** Constants are filled in again after the sort, so that the engine drops them from what it moves. */
function sorted(rows: string, { sortBy, constants = [] }: StageRequest): string {
  const ordered = `${rows} ORDER BY ${sortBy.map(quoted).join(", ")}`;
  if (constants.length === 0) return ordered;
  const replaced = constants.map(({ name, value }) => `${value} AS ${quoted(name)}`).join(", ");
  return `SELECT * REPLACE (${replaced}) FROM (${ordered})`;
}

/** Writes the rows of a statement as one Parquet file, durable; returns their number. */
export async function copyToParquet(session: DuckdbSession, rows: string, file: string): Promise<number> {
  try {
    await makeFolder(dirname(file));
    const groups = `ROW_GROUP_SIZE ${ROW_GROUP_ROWS}, ROW_GROUP_SIZE_BYTES ${ROW_GROUP_BYTES}`;
    const format = `FORMAT parquet, COMPRESSION zstd, ${groups}`;
    const [copied] = await session.rows(`COPY (${rows}) TO ${literal(file)} (${format})`);
    await syncFile(file);
    await syncFolder(dirname(file));
    return Number(copied?.Count ?? 0);
  } catch (error) {
    await rm(file, { force: true });
    throw fileError(error, file);
  }
}
