/** A lake table as `verify` reads it, by whatever engine runs its statements. */
import { lakeRowsStatement } from "../overlay/items.ts";
import type { ViewContext } from "../overlay/lake-view.ts";
import type { LakeRow, VerifiedLake } from "../ports/verified.ts";

/** Runs a statement and gives its rows, many at a time, as `of` makes them. */
type RunStatement = <T>(sql: string, of: (row: readonly unknown[]) => T) => AsyncIterable<readonly T[]>;

export function verifiedLake(table: ViewContext, run: RunStatement): VerifiedLake {
  return {
    rows: async (take) => {
      const { sql, rowOf } = await lakeRowsStatement(table);
      for await (const rows of run(sql, rowOf)) await take(rows);
    },
    rowsOf: async (keyHashes) => {
      const found: LakeRow[] = [];
      if (keyHashes.length === 0) return found;
      const { sql, rowOf } = await lakeRowsStatement(table, keyHashes);
      for await (const rows of run(sql, rowOf)) found.push(...rows);
      return found;
    },
  };
}
