/** A lake in a folder, for the console: the library's statuses and statements, and the figures that its runs keep. */
import type { ObjectStore } from "../core/ports/object-store.ts";
import { duckdb } from "../core/sql/duckdb.ts";
import { namedTable } from "../core/table/chosen-tables.ts";
import { type OpenTable, openTables } from "../core/table/open-table.ts";
import { readRunSeries } from "../core/table/run-series.ts";
import { folderStore } from "../files/folder-store.ts";
import type { CommandLake } from "../library/folder-lake.ts";
import { lakeRelations } from "../library/lake-relations.ts";
import type { DaySeries } from "./api.ts";
import type { ConsoleSource, ConsoleTable } from "./console-source.ts";
import { daySeries } from "./day-series.ts";
import type { Row } from "./item-history.ts";
import { LOCAL_FRESH_MS } from "./shared-answer.ts";

/** `name`: the lake's, for messages. `lake` stays the caller's, who closes it. */
export function folderSource(lake: CommandLake, name: string): ConsoleSource {
  const store = folderStore(lake.folder);
  const tableOf = (opened: OpenTable): ConsoleTable => ({
    opened,
    store,
    status: async () => {
      const status = await lake.table(opened.schema.table).status();
      return {
        status,
        rows: status.rows,
        areRowsCounted: true,
        behindSeconds: status.stream?.behindSeconds,
      };
    },
  });
  return {
    freshMs: LOCAL_FRESH_MS,
    // Each has the engine for itself.
    statusesAtOnce: 1,
    tables: async () => (await openTables(store)).map(tableOf),
    table: async (table) => tableOf(await namedTable(store, name, table)),
    relations: () => lakeRelations(lake),
    series: (tables, nowSeconds) => keptSeries(store, tables, nowSeconds),
    dialect: duckdb,
    ask: (signal) => async (statements) => {
      const answers: (readonly Row[])[] = [];
      for (const sql of statements)
        answers.push(await lake.query<Row>(sql, { numbers: "string", signal }).all());
      return answers;
    },
  };
}

async function keptSeries(
  store: ObjectStore,
  tables: readonly ConsoleTable[],
  nowSeconds: number,
): Promise<ReadonlyMap<string, DaySeries>> {
  const series = new Map<string, DaySeries>();
  for (const { opened } of tables) {
    const { table } = opened.schema;
    // Figures that cannot be read are left out: what matters is shown.
    const read = await readRunSeries(store, table).catch(() => undefined);
    if (read !== undefined) series.set(table, daySeries(read, nowSeconds));
  }
  return series;
}
