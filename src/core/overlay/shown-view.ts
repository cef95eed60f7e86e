/**
 * What people query: views show columns by their names in SQL, and beside them, as text, what they cannot hold. Statements of the
 * core name columns as files do.
 */
import type { Manifest } from "../format/manifest.ts";
import { type Dialect, quoted } from "../ports/dialect.ts";
import { physicalName } from "../schema/physical-name.ts";
import type { Column, Schema } from "../schema/schema.ts";
import { textColumns } from "../schema/text-name.ts";
import { textOfMisfit } from "../sql/text-of-misfit.ts";
import { viewColumns } from "../sql/typed-columns.ts";
import type { LakeView } from "./lake-view.ts";

/** Which names columns have: those in SQL, or these in letters of ASCII, where an engine's catalog knows no others. */
export type Naming = "label" | "ascii";

export interface TableWithTexts {
  readonly schema: Schema;
  readonly manifest: Pick<Manifest, "texts">;
}

export interface ShownColumn {
  readonly name: string;
  /** The expression over the columns of the view as the core has it. */
  readonly value: string;
  readonly typeName: string;
  /** The name of the column as files have it; absent for a derived one. */
  readonly stored?: string;
}

/** The columns that a view of the table has besides those of the table's rows. */
const MORE_COLUMNS: Readonly<Record<string, readonly string[]>> = {
  _history: ["dt", "hr"],
  _snapshots: ["ddb_export_timestamp"],
};

/** The columns of `<table>` as people see them, in order. */
export function shownColumns(
  dialect: Dialect,
  { schema, manifest }: TableWithTexts,
  naming: Naming,
): readonly ShownColumn[] {
  const texts = new Map(
    textColumns(schema, manifest.texts).map((each) => [each.column.attribute, each.text[naming]]),
  );
  return viewColumns(dialect, schema).flatMap(({ name, typeName, declared }): ShownColumn[] => {
    if (declared?.hidden === true) return []; // breakage: hidden-columns-are-not-shown
    const own = {
      name: declared === undefined ? name : shownName(declared, naming),
      value: quoted(name),
      typeName,
      stored: name,
    };
    const text = declared && texts.get(declared.attribute);
    if (declared === undefined || text === undefined) return [own];
    const value = textOfMisfit(dialect, declared);
    return [own, { name: text, value, typeName: dialect.typeName({ kind: "string" }) }];
  });
}

/** Two columns of a table never have the same one: each is a name that files could have for it. */
function shownName({ label }: Column, naming: Naming): string {
  return naming === "label" ? label : physicalName(label); // breakage: catalogs-show-names-in-sql
}

/** The view as people see it; those that show files as they lie, with two underscores, keep the columns of files. */
export function shownView(dialect: Dialect, table: TableWithTexts, view: LakeView, naming: Naming): LakeView {
  const suffix = view.name.slice(table.schema.table.length);
  if (suffix.startsWith("__")) return view;
  const columns = shownColumns(dialect, table, naming);
  const isAsStored = columns.every(({ name, stored }) => name === stored);
  if (isAsStored && !table.schema.columns.some(({ hidden }) => hidden)) return view;
  const values = columns.map(({ name, value }) =>
    value === quoted(name) ? value : `${value} AS ${quoted(name)}`,
  );
  const more = (MORE_COLUMNS[suffix] ?? []).map(quoted);
  return { name: view.name, sql: `SELECT ${[...values, ...more].join(", ")} FROM (${view.sql})` };
}
