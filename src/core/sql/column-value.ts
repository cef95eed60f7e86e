/**
 * What a name in SQL stands for in the rows of a file: the one place that tells it, for views, overlays, compactions and
 * snapshots alike, in any dialect.
 */
import { type Dialect, quoted } from "../ports/dialect.ts";
import type { Column } from "../schema/schema.ts";
import { recoveredValue } from "./recovered-value.ts";

/** A column of a segment, of the view and of the history. */
export interface TableColumn {
  readonly name: string;
  readonly typeName: string;
  /** Its attribute's column in the schema; absent for the columns that dynalake adds. */
  readonly declared?: Column;
}

/** How the rows of a file hold the values of columns. */
export interface FileForm {
  /** As the change log and staged items have them, or as segments do. */
  readonly values: "wire" | "typed";
  /** The names of columns that were declared later than some of the rows: values may lie in `_unmapped` alone. */
  readonly recoverable: ReadonlySet<string>;
  /** Columns that have one value in all rows, whatever the file says of them: expressions by the columns' names. */
  readonly constants?: ReadonlyMap<string, string>;
}

/** No column was declared later. */
const NONE: ReadonlySet<string> = new Set();

/** Wire rows, as the change log and the staged items of a snapshot have them. */
export function wireForm(recoverable: ReadonlySet<string> = NONE): FileForm {
  return { values: "wire", recoverable };
}

/** Rows of segments. */
export function typedForm(recoverable: ReadonlySet<string> = NONE): FileForm {
  return { values: "typed", recoverable };
}

/** The expression of a column's value, of its type, over the rows of a file. */
export function columnValue(dialect: Dialect, column: TableColumn, form: FileForm): string {
  const constant = form.constants?.get(column.name);
  if (constant !== undefined) return constant;
  const { name, declared } = column;
  if (declared === undefined) return form.values === "typed" ? name : addedFromWire(dialect, name);
  const own = quoted(name);
  const value = form.values === "typed" ? own : dialect.typed(declared.type, own);
  if (!form.recoverable.has(name)) return value; // breakage: later-columns-recovered
  // A value that is there costs nothing more; one that is not is looked for in `_unmapped`.
  return `coalesce(${value}, ${recoveredValue(dialect, declared, "_unmapped")})`;
}

function addedFromWire({ timeTyped, keyTyped }: Dialect, name: string): string {
  if (name === "_changed_at") return timeTyped(name);
  return name === "_key" ? keyTyped(name) : name;
}

/** The select list that gives columns their values. */
export function valueList(dialect: Dialect, columns: readonly TableColumn[], form: FileForm): string {
  return columns
    .map((column) => `${columnValue(dialect, column, form)} AS ${quoted(column.name)}`)
    .join(", ");
}
