/** What readers of files ask for: the columns of now, and those that they had before. */
import type { Column, Schema } from "./schema.ts";

/** The schema with a column of its own for each column that files had in place of one that has widened since. */
export function withEarlierColumns(schema: Schema): Schema {
  const earlier = schema.columns.flatMap((column) =>
    column.earlier.map((each): Column => ({ ...column, ...each, label: each.name, earlier: [] })),
  );
  return earlier.length === 0 ? schema : { ...schema, columns: [...schema.columns, ...earlier] };
}
