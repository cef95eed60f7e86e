/** A query's rows, in the forms in which they can be read. */
import type { Cell, ResultColumn } from "../core/ports/query-result.ts";
import type { Query } from "./query.ts";
import type { RowStream } from "./row-stream.ts";

export function folderQuery<R>(
  stream: RowStream<readonly ResultColumn[], readonly Cell[]>,
  parquet: Query<R>["parquet"],
): Query<R> {
  const rows = (): AsyncGenerator<R> => stream.rows((row, columns) => objectOf(row, columns) as R);
  return {
    columns: () => stream.head(),
    arrays: () => stream.rows((row) => row),
    all: async () => {
      const all: R[] = [];
      for await (const row of rows()) all.push(row);
      return all;
    },
    parquet: async (file, options) => {
      // The rows are not read as well.
      await stream.close();
      return parquet(file, options);
    },
    close: () => stream.close(),
    [Symbol.asyncIterator]: rows,
    [Symbol.asyncDispose]: () => stream.close(),
  };
}

/** Without a prototype: a column may be called "constructor". */
function objectOf(row: readonly Cell[], columns: readonly ResultColumn[]): Readonly<Record<string, Cell>> {
  const object: Record<string, Cell> = Object.create(null);
  for (const [i, { name }] of columns.entries()) object[name] = row[i] as Cell;
  return object;
}
