/** A lake table as `verify` reads it, by whatever engine runs its statements. */
import { type ItemsContext, lakeRowsStatement } from "../overlay/items.ts";
import type { LakeRow, VerifiedLake } from "../ports/verified.ts";
import { type OpenTable, openTableOf } from "../table/open-table.ts";

/** Runs a statement and gives its rows, many at a time, as `of` makes them. */
type RunStatement = <T>(sql: string, of: (row: readonly unknown[]) => T) => AsyncIterable<readonly T[]>;

/** Each reading is of the table as it is by then. */
export function verifiedLake(
  { store, engine }: ItemsContext,
  table: OpenTable,
  run: RunStatement,
): VerifiedLake {
  let opened = table;
  const now = async (): Promise<OpenTable> => {
    opened = await openTableOf(store, opened.schema, opened);
    return opened;
  };
  return {
    rows: async (take) => {
      const { sql, rowOf } = await lakeRowsStatement(engine, await now());
      for await (const rows of run(sql, rowOf)) await take(rows);
    },
    rowsOf: async (keyHashes) => {
      const found: LakeRow[] = [];
      if (keyHashes.length === 0) return found;
      const { sql, rowOf } = await lakeRowsStatement(engine, await now(), keyHashes);
      for await (const rows of run(sql, rowOf)) found.push(...rows);
      return found;
    },
  };
}
