/**
 * A new schema on the columns that a lake table has in its files. People name attributes and types; which column of a file holds a
 * value is dynalake's own matter. A column that widens gets a new physical one and remembers those of before; a physical name is
 * never used again.
 */
import { schemaTypeText } from "./column-type.ts";
import { physicalName } from "./physical-name.ts";
import { type Column, type EarlierColumn, parseStoredSchema, type Schema } from "./schema.ts";
import type { ColumnForms, SchemaFile } from "./schema-file.ts";
import { convertsForm, formText, isOtherKind } from "./value-form.ts";
import { digitsOf, freeName, reaches, widenedName, widens } from "./widening.ts";

export interface Widening {
  readonly attribute: string;
  /** The name in SQL, and that of the new physical column. */
  readonly label: string;
  readonly name: string;
  readonly from: string;
  readonly to: string;
  /** So many digits before the point have room, and fewer than before: the values must be known to need no more. */
  readonly wholeDigits?: number;
  /** The type is of another kind, as a person orders it: values may not be in the column any more. */
  readonly otherKind?: true;
}

/** A column with another name in SQL; files call it as before. */
export interface Renaming {
  readonly from: string;
  readonly to: string;
}

/** What a new schema changes of a table. */
export interface SchemaChanges {
  /** The names of physical columns for attributes that had none. */
  readonly added: readonly string[];
  readonly widened: readonly Widening[];
  readonly renamed: readonly Renaming[];
  /** The names in SQL of columns that views show no more, and of those that they show again. */
  readonly hidden: readonly string[];
  readonly shown: readonly string[];
}

export interface RebasedSchema extends SchemaChanges {
  readonly schema: Schema;
}

/** The columns that a change adds. */
export function addedColumns({ schema, added }: Pick<RebasedSchema, "schema" | "added">): readonly Column[] {
  const names = new Set(added);
  return schema.columns.filter(({ name }) => names.has(name));
}

/** Their names in SQL. */
export function addedLabels(change: Pick<RebasedSchema, "schema" | "added">): readonly string[] {
  return addedColumns(change).map(({ label }) => label); // breakage: new-columns-have-their-names-in-sql
}

/** Whether the files of before stay, or all rows are written anew. */
export type FilesOfBefore = "kept" | "replaced";

/**
 * Where a type is narrower than that of `before`, that one stays. Where it is of another kind and all rows are written anew, the
 * column has no earlier ones.
 */
export function rebasedSchema(before: Schema, after: Schema, files: FilesOfBefore = "kept"): RebasedSchema {
  const taken = takenNames(before);
  const known = new Map(before.columns.map((column) => [column.attribute, column]));
  const attributes: SchemaFile["attributes"] = { ...after.file.attributes };
  const forms = new Map<string, ColumnForms>();
  const added: string[] = [];
  const widened: Widening[] = [];
  for (const column of after.columns) {
    const { attribute, label } = column;
    const old = known.get(attribute);
    const next = old === undefined ? newColumn(column, taken) : nextColumn(old, column, taken, files);
    taken.add(next.column);
    if (next.column !== physicalName(label) || next.earlier.length > 0) forms.set(attribute, next);
    if (old === undefined) added.push(next.column);
    else if (next.earlier.some((each) => each.column === old.name))
      widened.push(widening(old, column, next.column));
    else if (next.column === old.name && typeText(old) !== typeText(column))
      attributes[attribute] = { ...attributes[attribute], type: typeText(old) };
  }
  const { forms: _, ...plain } = after.file;
  const pairs = columnPairs(before, after);
  const file: SchemaFile = {
    ...plain,
    attributes,
    ...(forms.size === 0 ? {} : { forms: Object.fromEntries(forms) }),
  };
  return {
    schema: parseStoredSchema(file, `the lake's "${after.table}"`),
    added,
    widened,
    renamed: pairs.flatMap(({ old, next }) =>
      old.label === next.label ? [] : [{ from: old.label, to: next.label }],
    ),
    hidden: pairs.flatMap(({ old, next }) => (!old.hidden && next.hidden ? [next.label] : [])),
    shown: pairs.flatMap(({ old, next }) => (old.hidden && !next.hidden ? [next.label] : [])),
  };
}

/** The columns that both schemas have. */
function columnPairs(
  before: Schema,
  after: Schema,
): readonly { readonly old: Column; readonly next: Column }[] {
  const known = new Map(before.columns.map((column) => [column.attribute, column]));
  return after.columns.flatMap((next) => {
    const old = known.get(next.attribute);
    return old === undefined ? [] : [{ old, next }];
  });
}

function widening(old: Column, next: Column, name: string): Widening {
  const { attribute, label, type } = next;
  const change = { attribute, label, name, from: formText(old), to: formText(next) };
  if (isOtherKind(old, next)) return { ...change, otherKind: true };
  const digits = reaches(old.type, type) ? digitsOf(type) : undefined;
  return digits === undefined ? change : { ...change, wholeDigits: digits.whole };
}

/** Names that columns of files have or had, and those of SQL. */
function takenNames(before: Schema): Set<string> {
  return new Set(
    before.columns.flatMap(({ name, label, earlier }) => [name, label, ...earlier.map((each) => each.name)]),
  );
}

/** A name of its own, also where an attribute is called as a physical column is. */
function newColumn({ name, earlier }: Column, taken: ReadonlySet<string>): ColumnForms {
  // breakage: physical-names-are-not-used-again
  return { column: freeName(name, taken), earlier: earlier.map(earlierFile) };
}

function nextColumn(
  old: Column,
  next: Column,
  taken: ReadonlySet<string>,
  files: FilesOfBefore,
): ColumnForms {
  const isWider = convertsForm(old, next);
  const isOther = !isWider && typeText(old) !== typeText(next) && !widens(next.type, old.type);
  if (isOther && files === "replaced")
    return { column: widenedName(baseName(old), next, taken), earlier: [] };
  const isNew = isWider || (files === "kept" && isOtherKind(old, next));
  // Rows may have been written by it already, as a snapshot's that was planned by a schema of its own.
  const isOwn = next.name !== old.name && !old.earlier.some(({ name }) => name === next.name);
  const own = isOwn && !taken.has(next.name) ? [next] : [];
  const column = !isNew ? old.name : own.length > 0 ? next.name : widenedName(baseName(old), next, taken);
  const all: readonly EarlierColumn[] = [old, ...own, ...old.earlier, ...next.earlier];
  const earlier = all.filter(
    ({ name }, i) => name !== column && all.findIndex((each) => each.name === name) === i,
  );
  return { column, earlier: earlier.map(earlierFile) };
}

/** The first name that the column had. */
function baseName({ name, earlier }: Column): string {
  return earlier.at(-1)?.name ?? name;
}

function earlierFile({ name, type, format }: EarlierColumn): ColumnForms["earlier"][number] {
  return { column: name, type: schemaTypeText(type), ...(format === "iso" ? {} : { format }) };
}

function typeText({ type }: Column): string {
  return schemaTypeText(type);
}
