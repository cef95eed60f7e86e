/** What people query shows columns by their names in SQL; statements of the core name them as files do. */
import { type Dialect, quoted } from "../ports/dialect.ts";
import type { Schema } from "../schema/schema.ts";
import { viewColumns } from "../sql/typed-columns.ts";
import type { LakeView } from "./lake-view.ts";

/** The columns that a view of the table has besides those of the table's rows. */
const MORE_COLUMNS: Readonly<Record<string, readonly string[]>> = {
  _history: ["dt", "hr"],
  _snapshots: ["ddb_export_timestamp"],
};

/** The view with the names in SQL; those that show files as they lie, with two underscores, keep the names of files. */
export function labeledView(dialect: Dialect, schema: Schema, view: LakeView): LakeView {
  const isLabeled = schema.columns.some(({ name, label }) => name !== label);
  const suffix = view.name.slice(schema.table.length);
  if (!isLabeled || suffix.startsWith("__")) return view;
  const columns = viewColumns(dialect, schema).map(({ name, declared }) =>
    declared === undefined || declared.label === name
      ? quoted(name)
      : `${quoted(name)} AS ${quoted(declared.label)}`,
  );
  const more = (MORE_COLUMNS[suffix] ?? []).map(quoted);
  return { name: view.name, sql: `SELECT ${[...columns, ...more].join(", ")} FROM (${view.sql})` };
}
