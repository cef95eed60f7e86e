/**
 * What a name in SQL stands for in the rows of a file: the one place that tells it, for views, overlays, compactions and
 * snapshots alike, in any dialect.
 */
import { type Dialect, quoted } from "../ports/dialect.ts";
import { isNested } from "../schema/column-type.ts";
import type { Column, EarlierColumn } from "../schema/schema.ts";
import { holdsForm } from "../schema/value-form.ts";
import { formerValue, givesBack, isMoment, storedAttribute } from "./former-value.ts";
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

/** Who stages the items of a snapshot: one writer has one schema; while several work, another one may become the table's. */
export type StagedBy = "one" | "several";

/** Wire rows as the staged items of a snapshot have them. */
export function stagedForm(recoverable: ReadonlySet<string>, writers: StagedBy): FileForm {
  return { values: "wire", recoverable, earlier: writers === "several" }; // breakage: staged-rows-have-every-form
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
  const earlier = form.earlier
    ? declared.earlier.flatMap((each) => valueOfBefore(dialect, declared, each, form) ?? [])
    : [];
  // breakage: later-columns-recovered
  const unmapped = form.recoverable.has(name) ? [recoveredValue(dialect, declared, "_unmapped")] : [];
  // A value that is there costs nothing more; one that is not is looked for. At most one column has it; of a value that fitted in
  // part, `_unmapped` has all.
  // breakage: parts-come-from-unmapped-first
  const others = isNested(declared.type) ? [...unmapped, ...earlier] : [...earlier, ...unmapped];
  const own = valueIn(dialect, declared, form);
  return others.length === 0 ? own : `coalesce(${[own, ...others].join(", ")})`;
}

function valueIn(dialect: Dialect, { type, name }: EarlierColumn, { values }: FileForm): string {
  return values === "typed" ? quoted(name) : dialect.typed(type, quoted(name));
}

/** What the column of now has of the value in an earlier one. Undefined for none. */
function valueOfBefore(
  dialect: Dialect,
  column: Column,
  each: EarlierColumn,
  form: FileForm,
): string | undefined {
  const value = formerValue(dialect, each, column, valueIn(dialect, each, form));
  // A moment stands in its column whatever its spelling is, which `_unmapped` has.
  // breakage: spellings-win-over-moments
  if (value === undefined || !isMoment(each) || !form.recoverable.has(column.name)) return value;
  return `CASE WHEN ${isNotUnmapped(dialect, column)} THEN ${value} END`;
}

/** Whether `_unmapped` lacks the attribute: its text alone tells it of most rows. */
function isNotUnmapped({ json }: Dialect, { attribute }: Column): string {
  const name = json.text(`${JSON.stringify(attribute)}:{`);
  // breakage: presence-is-told-by-parsed-json
  return `(_unmapped IS NULL OR NOT ${json.holds("_unmapped", name)} OR ${json.attribute("_unmapped", attribute)} IS NULL)`;
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
          .filter((each) => !holdsForm(each, declared as Column))
          .flatMap((each) => leftOver(dialect, declared as Column, each, form) ?? []),
      )
    : [];
  if (left.length === 0) return "_unmapped"; // breakage: values-without-room-are-kept
  const isNone = left.map((each) => `${each} IS NULL`).join(" AND ");
  const known = "nullif(substr(_unmapped, 2, length(_unmapped) - 2), '')";
  return `CASE WHEN ${isNone} THEN _unmapped ELSE concat('{', concat_ws(',', ${[...left, known].join(", ")}), '}') END`;
}

/** The member of an item that has the value of the earlier column, if the column of now does not give it back. */
function leftOver(dialect: Dialect, column: Column, each: EarlierColumn, form: FileForm): string | undefined {
  const value = valueIn(dialect, each, form);
  const attribute = storedAttribute(dialect, each, value);
  if (attribute === undefined) return undefined;
  const begin = dialect.json.text(`${JSON.stringify(column.attribute)}:`);
  const text = `concat(${begin}, ${dialect.json.textOf(attribute)})`;
  // breakage: members-of-unmapped-are-named-once
  const isLeft = `NOT ${givesBack(dialect, each, column, value)} AND ${isNotUnmapped(dialect, column)}`;
  return `CASE WHEN ${value} IS NOT NULL AND ${isLeft} THEN ${text} END`;
}
