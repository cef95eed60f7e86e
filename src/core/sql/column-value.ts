/**
 * What a name in SQL stands for in the rows of a file: the one place that tells it, for views, overlays, compactions and
 * snapshots alike, in any dialect.
 */
import { type Dialect, quoted } from "../ports/dialect.ts";
import { isNested } from "../schema/column-type.ts";
import type { Column, EarlierColumn } from "../schema/schema.ts";
import { holds } from "../schema/widening.ts";
import { convertedValue } from "./converted-value.ts";
import { numberText } from "./number-text.ts";
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
  /** The names of columns that were declared or widened later than some of the rows: values may lie in `_unmapped` alone. */
  readonly recoverable: ReadonlySet<string>;
  /** The file also has the columns that widened ones had before, and some rows their values there. */
  readonly earlier: boolean;
  /** Columns that have one value in all rows, whatever the file says of them: expressions by the columns' names. */
  readonly constants?: ReadonlyMap<string, string>;
}

/** No column was declared later. */
const NONE: ReadonlySet<string> = new Set();

/** Wire rows as the change log has them. It is never rewritten, and a writer may go by a schema of before: it has every form. */
export function wireForm(recoverable: ReadonlySet<string> = NONE): FileForm {
  return { values: "wire", recoverable, earlier: true }; // breakage: the-log-has-every-form
}

/** Wire rows as the staged items of a snapshot have them: all are written by one schema. */
export function stagedForm(recoverable: ReadonlySet<string>): FileForm {
  return { values: "wire", recoverable, earlier: false };
}

/** Rows of segments that were written before the newest columns. */
export function typedForm(recoverable: ReadonlySet<string> = NONE): FileForm {
  return { values: "typed", recoverable, earlier: true };
}

/** The expression of a column's value, of its type, over the rows of a file. */
export function columnValue(dialect: Dialect, column: TableColumn, form: FileForm): string {
  const constant = form.constants?.get(column.name);
  if (constant !== undefined) return constant;
  const { name, declared } = column;
  if (declared === undefined) return form.values === "typed" ? name : addedFromWire(dialect, name);
  const valueIn = (column: EarlierColumn): string =>
    form.values === "typed" ? quoted(column.name) : dialect.typed(column.type, quoted(column.name));
  const earlier = form.earlier
    ? declared.earlier.map((each) => convertedValue(dialect, each.type, declared.type, valueIn(each)))
    : [];
  // breakage: later-columns-recovered
  const unmapped = form.recoverable.has(name) ? [recoveredValue(dialect, declared, "_unmapped")] : [];
  // A value that is there costs nothing more; one that is not is looked for. At most one column has it; of a value that fitted in
  // part, `_unmapped` has all.
  const others = isNested(declared.type) ? [...unmapped, ...earlier] : [...earlier, ...unmapped];
  const own = valueIn(declared);
  return others.length === 0 ? own : `coalesce(${[own, ...others].join(", ")})`;
}

function addedFromWire({ timeTyped, keyTyped }: Dialect, name: string): string {
  if (name === "_changed_at") return timeTyped(name);
  return name === "_key" ? keyTyped(name) : name;
}

/** The select list that gives columns their values. */
export function valueList(dialect: Dialect, columns: readonly TableColumn[], form: FileForm): string {
  const values = columns.map((column) => {
    const value =
      column.name === "_unmapped"
        ? unmappedValue(dialect, columns, form)
        : columnValue(dialect, column, form);
    return `${value} AS ${quoted(column.name)}`;
  });
  return values.join(", ");
}

/** `_unmapped`, with what columns of before hold and those of now have no room for. */
function unmappedValue(dialect: Dialect, columns: readonly TableColumn[], form: FileForm): string {
  const left = form.earlier
    ? columns.flatMap(({ declared }) =>
        (declared?.earlier ?? [])
          .filter(({ type }) => !holds(type, (declared as Column).type))
          .map((each) => leftOver(dialect, declared as Column, each, form)),
      )
    : [];
  if (left.length === 0) return "_unmapped"; // breakage: numbers-without-room-are-kept
  const isNone = left.map((each) => `${each} IS NULL`).join(" AND ");
  const known = "nullif(substr(_unmapped, 2, length(_unmapped) - 2), '')";
  return `CASE WHEN ${isNone} THEN _unmapped ELSE concat('{', concat_ws(',', ${[...left, known].join(", ")}), '}') END`;
}

/** The member of an item that has the number of the earlier column, if the column cannot have it. */
function leftOver(dialect: Dialect, column: Column, { name, type }: EarlierColumn, form: FileForm): string {
  const value = form.values === "typed" ? quoted(name) : dialect.typed(type, quoted(name));
  const begin = dialect.json.text(`${JSON.stringify(column.attribute)}:{"N":"`);
  const text = `concat(${begin}, ${numberText(dialect, type, value, 0)}, '"}')`;
  return `CASE WHEN ${value} IS NOT NULL AND ${convertedValue(dialect, type, column.type, value)} IS NULL THEN ${text} END`;
}
