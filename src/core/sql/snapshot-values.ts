/**
 * The columns of now from the files of a kept snapshot, which may be older than they are: an attribute is found by its own name, in
 * whichever column the files have for it, and its values are those that the column would have held from the beginning.
 */
import { type Dialect, quoted } from "../ports/dialect.ts";
import { isNested } from "../schema/column-type.ts";
import type { Column, Schema } from "../schema/schema.ts";
import { holdsForm, sameForm } from "../schema/value-form.ts";
import { formerValue, givesBack, isMoment, storedAttribute } from "./former-value.ts";
import { recoveredValue } from "./recovered-value.ts";
import { viewColumns } from "./typed-columns.ts";

/** How the files of a snapshot hold attributes. */
export interface WrittenForm {
  readonly written: Schema;
  /** The names of columns of `written` that the files may lack. */
  readonly lacking: ReadonlySet<string>;
}

/** The select list of the columns of `<table>`, over a relation with all columns that `written` knows. */
export function snapshotValues(dialect: Dialect, schema: Schema, form: WrittenForm): string {
  const known = new Map(form.written.columns.map((column) => [column.attribute, column]));
  const hidden = maskedSince(schema, form.written);
  const current = new Map(schema.columns.map((column) => [column.attribute, column]));
  const others = form.written.columns.flatMap((column) => {
    if (column.masked || hidden.includes(column.attribute)) return [];
    return unshown(dialect, column, current.get(column.attribute));
  });
  const values = viewColumns(dialect, schema).map(({ name, declared }) => {
    if (declared !== undefined) return columnValue(dialect, declared, known.get(declared.attribute), form);
    if (name !== "_unmapped" || hidden.length + others.length === 0) return quoted(name);
    return `${dialect.json.changedItem("_unmapped", { hidden, others })} AS ${quoted(name)}`;
  });
  return values.join(", ");
}

/** The attributes whose values the files have, and that are masked by now. */
export function maskedSince({ file }: Schema, written: Schema): readonly string[] {
  // breakage: later-masks-hide-older-snapshots
  return Object.keys(file.attributes).filter(
    (attribute) => maskOf(file, attribute) !== undefined && maskOf(written.file, attribute) === undefined,
  );
}

function maskOf({ attributes }: Schema["file"], attribute: string): "sha256" | "drop" | undefined {
  return Object.hasOwn(attributes, attribute) ? attributes[attribute]?.mask : undefined;
}

function columnValue(
  dialect: Dialect,
  column: Column,
  old: Column | undefined,
  { written, lacking }: WrittenForm,
): string {
  const name = quoted(column.name);
  const none = `CAST(NULL AS ${dialect.typeName(column.type)}) AS ${name}`;
  // A hash is none of an attribute's values, and what is masked by now is shown no more.
  const mask = column.masked ? "sha256" : undefined;
  // breakage: columns-of-another-mask-show-nothing
  if (maskOf(written.file, column.attribute) !== mask) return none;
  const recovered = (): readonly string[] =>
    column.masked ? [] : [recoveredValue(dialect, column, "_unmapped")];
  if (old === undefined) return recovered().length === 0 ? none : `${recovered().join()} AS ${name}`;
  const isSame = isAsNow(old, column) && old.earlier.length === 0;
  if (isSame && !lacking.has(old.name))
    return old.name === column.name ? name : `${quoted(old.name)} AS ${name}`;
  const known = [old, ...old.earlier].map((each): Column => ({ ...old, ...each }));
  const [exact, others] = [true, false].map((is) => known.filter((each) => isAsNow(each, column) === is));
  const stored = (columns: readonly Column[] = []): readonly string[] =>
    columns.flatMap((each) => shown(dialect, each, column) ?? []);
  // Of a list, map or set that fitted in part, `_unmapped` has all, and the spelling of a moment.
  const later =
    isNested(column.type) || known.some((each) => isMoment(each) && !sameForm(each, column))
      ? [...recovered(), ...stored(others)]
      : [...stored(others), ...recovered()];
  const ways = [...stored(exact), ...later];
  return ways.length === 1 ? `${ways.join()} AS ${name}` : `coalesce(${ways.join(", ")}) AS ${name}`;
}

function isAsNow(old: Column, now: Column): boolean {
  return sameForm(old, now) && old.set === now.set;
}

/** The value of a column as one of now; undefined where no value of one form is a value of the other. */
function shown(dialect: Dialect, old: Column, now: Column): string | undefined {
  return formerValue(dialect, old, now, quoted(old.name));
}

/** What the columns of now do not show of an attribute of the files: in one of its columns at most. */
function unshown(dialect: Dialect, old: Column, now: Column | undefined): readonly ShownElsewhere[] {
  const values = [old, ...old.earlier].flatMap((each): readonly string[] => {
    const own = quoted(each.name);
    const value = storedAttribute(dialect, each, own);
    if (value === undefined) return [];
    if (now === undefined) return [value];
    if (holdsForm(each, now)) return [];
    return [`CASE WHEN NOT ${givesBack(dialect, each, now, own)} THEN ${value} END`];
  });
  if (values.length === 0) return [];
  // Trino makes no map with a name twice.
  const value = values.length === 1 ? values.join() : `coalesce(${values.join(", ")})`;
  return [{ name: old.attribute, value }]; // breakage: attributes-are-named-once
}

interface ShownElsewhere {
  readonly name: string;
  readonly value: string;
}
