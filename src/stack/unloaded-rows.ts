/**
 * The rows of a statement in Athena on this machine: Athena writes them as Parquet, on many machines at once, to a folder of their own
 * in the bucket, from which they are read side by side. Its own pages have 1,000 rows, come one after the other, and say nested
 * values as a text that does not read back.
 */
import { tmpdir } from "node:os";
import type { AwsLake } from "../aws/aws-lake.ts";
import { unloadRowsTo } from "../aws/unload.ts";
import { unloadFolder } from "../core/format/deployment-path.ts";
import { itemsStatement } from "../core/overlay/items.ts";
import { quoted } from "../core/ports/dialect.ts";
import type { StoredItem } from "../core/row/stored-item.ts";
import type { OpenTable } from "../core/table/open-table.ts";
import { type DuckdbSession, openDuckdb } from "../embedded/duckdb/duckdb-session.ts";
import { scans } from "../embedded/duckdb/file-relations.ts";
import { DEFAULT_LIMITS } from "../embedded/folder/lake-folder.ts";
import { streamedRows } from "../embedded/reading/items.ts";
import { temporaryFolder } from "../files/temporary-folder.ts";
import { newRunId } from "../sdk/new-run-id.ts";
import { downloadObjects } from "./downloaded.ts";
import type { OpenedStack } from "./open-stack.ts";

export interface UnloadedRows {
  readonly session: DuckdbSession;
  /** The statement of the rows in the session, with these columns of the engine's types: also where there are none. */
  select(columns: readonly UnloadedColumn[]): string;
  /** Undefined where there are no rows. */
  readonly all: string | undefined;
  close(): Promise<void>;
}

export interface UnloadedColumn {
  readonly name: string;
  /** Of DuckDB. */
  readonly typeName: string;
}

/** Runs the query, and brings its rows here. What it wrote in the bucket is gone afterwards. */
export async function unloadRows(
  { signal }: Pick<OpenedStack, "signal">,
  lake: AwsLake,
  query: string,
): Promise<UnloadedRows> {
  const folder = temporaryFolder(tmpdir(), "dynalake-");
  try {
    const files = await unloadedFiles(lake, query, folder.path, signal);
    const session = await openDuckdb({ ...DEFAULT_LIMITS, temporaryFolder: folder.path }, signal);
    const [all] = scans(files);
    return {
      session,
      all,
      select: (columns) => selectOf(all, columns),
      close: async () => {
        await session.close();
        await folder.remove();
      },
    };
  } catch (error) {
    await folder.remove();
    throw error;
  }
}

async function unloadedFiles(
  { bucket, clients, engine, store }: AwsLake,
  query: string,
  folder: string,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const prefix = unloadFolder(newRunId());
  try {
    await engine.statements.run(unloadRowsTo(`s3://${bucket}/${prefix}`, query));
    const written = (await store.list(prefix)).filter(({ bytes }) => bytes > 0);
    const paths = written.map(({ path }) => path);
    return await downloadObjects({ client: clients.s3, bucket, paths, folder, signal });
  } finally {
    // Where this is not allowed, or a statement that was stopped still writes, S3 deletes them with the other results.
    const left = await store.list(prefix).catch(() => []);
    await store.remove(left.map(({ path }) => path)).catch(() => undefined); // breakage: unloaded-rows-are-removed
  }
}

/** Types are stated: both engines have them, but files may hold a time in another precision. */
function selectOf(all: string | undefined, columns: readonly UnloadedColumn[]): string {
  const values = columns.map(({ name, typeName }) => {
    const value = all === undefined ? "NULL" : quoted(name);
    return `CAST(${value} AS ${typeName}) AS ${quoted(name)}`;
  });
  return `SELECT ${values.join(", ")}${all === undefined ? " WHERE false" : ` FROM (${all})`}`;
}

/** The items of now, or those of a time, in no order and many at a time. */
export async function* unloadedItems(
  stack: Pick<OpenedStack, "signal">,
  lake: AwsLake,
  opened: OpenTable,
  asOfSeconds: number | undefined,
): AsyncGenerator<readonly StoredItem[]> {
  const { sql, itemOf } = await itemsStatement(lake, opened, asOfSeconds);
  const rows = await unloadRows(stack, lake, sql);
  try {
    if (rows.all !== undefined) yield* streamedRows(rows, rows.all, itemOf);
  } finally {
    await rows.close();
  }
}
