/** What statements can read of a lake: its tables, their histories and snapshots, and the list of its tables, each with its columns. */
import { TABLES_VIEW } from "../core/status/tables-view.ts";
import { openTables } from "../core/table/open-table.ts";
import { folderStore } from "../files/folder-store.ts";
import type { CommandLake } from "./folder-lake.ts";

export interface LakeRelation {
  readonly name: string;
  readonly columns: readonly { readonly name: string; readonly type: string }[];
}

/** One statement names the columns of all of them. */
export async function lakeRelations(lake: CommandLake): Promise<readonly LakeRelation[]> {
  const tables = await openTables(folderStore(lake.folder));
  if (tables.length === 0) return [];
  const known = [
    ...tables.flatMap(({ schema }) => [schema.table, `${schema.table}_history`, `${schema.table}_snapshots`]),
    TABLES_VIEW,
  ];
  const rows = await lake
    .query<{ readonly relation: string; readonly name: string; readonly type: string }>(
      "SELECT table_name AS relation, column_name AS name, data_type AS type FROM information_schema.columns ORDER BY table_name, ordinal_position",
    )
    .all();
  const columns = new Map<string, { name: string; type: string }[]>(known.map((name) => [name, []]));
  for (const { relation, name, type } of rows) columns.get(relation)?.push({ name, type });
  return [...columns].map(([name, of]) => ({ name, columns: of }));
}
