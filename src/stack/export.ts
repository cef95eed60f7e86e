/** The rows of a deployed lake table for files of this machine: Athena computes them, and DuckDB writes them here. */
import type { Deployment } from "../aws/deployment.ts";
import { currentView, historyView } from "../core/overlay/lake-view.ts";
import { shownColumns, shownView } from "../core/overlay/shown-view.ts";
import { quoted } from "../core/ports/dialect.ts";
import type { Cell, ResultColumn } from "../core/ports/query-result.ts";
import { athena } from "../core/sql/athena.ts";
import { duckdb } from "../core/sql/duckdb.ts";
import { tableAsOf } from "../core/table/open-table.ts";
import { copyParquet } from "../embedded/reading/parquet-result.ts";
import { streamedResult } from "../embedded/reading/query.ts";
import { deployedTable, type OpenedStack } from "./open-stack.ts";
import { type UnloadedColumn, unloadRows } from "./unloaded-rows.ts";

export interface DeployedExport {
  /** Undefined: now. A history has its own times. */
  readonly asOfSeconds: number | undefined;
  /** Every change, in place of the state. */
  readonly history: boolean;
  /** Columns that are not to be in it. */
  readonly without: readonly string[];
}

/** They are read once, in one of the forms. */
export interface ExportedRows {
  columns(): Promise<readonly ResultColumn[]>;
  arrays(): AsyncIterable<readonly Cell[]>;
  /** Writes a file, or a folder with `partitionBy`. Resolves to the number of rows. */
  parquet(file: string, options: { readonly partitionBy: readonly string[] }): Promise<number>;
  /** Items with values that no column shows, where `_unmapped` is left out; 0 otherwise. */
  hiddenItems(): Promise<number>;
  close(): Promise<void>;
}

/** Runs the statement, and brings its rows here. */
export async function exportDeployed(
  stack: OpenedStack,
  deployment: Deployment,
  { asOfSeconds, history, without }: DeployedExport,
): Promise<ExportedRows> {
  const lake = stack.lakeOf(deployment);
  const { engine, store } = lake;
  const opened = await deployedTable(lake, deployment.table);
  const then = await tableAsOf(store, opened, asOfSeconds);
  const view = history ? await historyView(engine, opened) : await currentView(engine, then, asOfSeconds);
  const shown = shownView(athena, then, view, "ascii");
  const left = new Set(without);
  const columns = [...shownColumns(duckdb, then, "ascii"), ...(history ? PARTITIONS : [])].filter(
    ({ name }) => !left.has(name), // breakage: deployed-exports-leave-columns-out
  );
  const mark = left.has(UNMAPPED) ? freeName("_is_unmapped", columns) : undefined;
  const marked = mark === undefined ? [] : [`${UNMAPPED} IS NOT NULL AS ${quoted(mark)}`];
  const values = [...columns.map(({ name }) => quoted(name)), ...marked];
  const rows = await unloadRows(stack, lake, `SELECT ${values.join(", ")} FROM (${shown.sql})`);
  const { session } = rows;
  const sql = rows.select(columns);
  let result: ReturnType<typeof streamedResult> | undefined;
  const streamed = (): ReturnType<typeof streamedResult> => {
    result ??= streamedResult(session, sql, "string");
    return result;
  };
  return {
    columns: async () => (await streamed()).columns,
    arrays: async function* () {
      for await (const batch of (await streamed()).rows) yield* batch;
    },
    parquet: (path, { partitionBy }) => copyParquet(session, sql, { path, partitionBy }),
    hiddenItems: async () => {
      if (mark === undefined) return 0;
      const marks = rows.select([{ name: mark, typeName: "BOOLEAN" }]);
      const [found] = await session.rows(`SELECT count(*) AS n FROM (${marks}) WHERE ${quoted(mark)}`);
      return Number(found?.n ?? 0);
    },
    close: rows.close,
  };
}

/** Has the values that no column shows. */
const UNMAPPED = "_unmapped";

/** A column may have any name. Engines tell no upper case from lower. */
function freeName(wished: string, columns: readonly { readonly name: string }[]): string {
  const taken = new Set(columns.map(({ name }) => name.toLowerCase()));
  let name = wished;
  while (taken.has(name)) name = `${name}_`; // breakage: columns-beside-those-of-a-table
  return name;
}

/** The columns of a history that are none of the table. */
const PARTITIONS: readonly UnloadedColumn[] = ["dt", "hr"].map((name) => ({ name, typeName: "VARCHAR" }));
