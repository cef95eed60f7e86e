/**
 * The columns of now from the files of a kept snapshot, which may be older than they are: an attribute is found by its own name, in
 * whichever column the files have for it, and its values are those that the column would have held from the beginning.
 */
import { type Dialect, lambdaVariable, quoted } from "../ports/dialect.ts";
import { isNested, type ScalarType, schemaTypeText } from "../schema/column-type.ts";
import type { Column, Schema } from "../schema/schema.ts";
import { widens } from "../schema/widening.ts";
import { convertedValue } from "./converted-value.ts";
import { numberText } from "./number-text.ts";
import { recoveredValue } from "./recovered-value.ts";
import { scalarFromText } from "./scalar-from-text.ts";
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
  const isSame = sameForm(old, column) && old.earlier.length === 0;
  if (isSame && !lacking.has(old.name))
    return old.name === column.name ? name : `${quoted(old.name)} AS ${name}`;
  const known = [old, ...old.earlier].map((each): Column => ({ ...old, ...each }));
  const [exact, others] = [true, false].map((is) => known.filter((each) => sameForm(each, column) === is));
  const stored = (columns: readonly Column[] = []): readonly string[] =>
    columns.flatMap((each) => shown(dialect, each, column) ?? []);
  // Of a list, map or set that fitted in part, `_unmapped` has all.
  const later = isNested(column.type)
    ? [...recovered(), ...stored(others)]
    : [...stored(others), ...recovered()];
  const ways = [...stored(exact), ...later];
  return ways.length === 1 ? `${ways.join()} AS ${name}` : `coalesce(${ways.join(", ")}) AS ${name}`;
}

function sameForm(old: Column, now: Column): boolean {
  return (
    schemaTypeText(old.type) === schemaTypeText(now.type) && old.set === now.set && old.format === now.format
  );
}

/** The value of a column as one of now; undefined where no value of one type is a value of the other. */
function shown(dialect: Dialect, old: Column, now: Column): string | undefined {
  const value = quoted(old.name);
  if (schemaTypeText(old.type) === schemaTypeText(now.type)) return value;
  if (widens(old.type, now.type)) return convertedValue(dialect, old.type, now.type, value);
  const scalar = storedScalar(dialect, old);
  const { type, format } = now;
  if (scalar === undefined || kindOf(now) !== scalar.kind) return undefined;
  return scalarFromText(dialect, type as ScalarType, scalar.text, 2, format);
}

/** What the columns of now do not show of an attribute of the files: in one of its columns at most. */
function unshown(dialect: Dialect, old: Column, now: Column | undefined): readonly ShownElsewhere[] {
  const values = [old, ...old.earlier].flatMap((each): readonly string[] => {
    const column = { ...old, ...each };
    const scalar = storedScalar(dialect, column);
    if (scalar === undefined) return [];
    const text = lambdaVariable(2);
    const told = `CASE WHEN ${text} IS NOT NULL THEN ${dialect.json.value(scalar.kind, text)} END`;
    const value = dialect.json.bound(scalar.text, text, told);
    if (now === undefined) return [value];
    if (schemaTypeText(column.type) === schemaTypeText(now.type) || widens(column.type, now.type)) return [];
    const there = shown(dialect, column, now);
    return [there === undefined ? value : `CASE WHEN ${there} IS NULL THEN ${value} END`];
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

interface StoredScalar {
  readonly kind: "S" | "N" | "B" | "BOOL";
  /** The text of the value as DynamoDB has it, or the boolean. */
  readonly text: string;
}

/** Undefined for lists, maps and sets, for json, and for times that are numbers. */
function storedScalar(dialect: Dialect, column: Column): StoredScalar | undefined {
  const kind = column.type.kind === "timestamp" && column.format !== "iso" ? undefined : kindOf(column);
  if (kind === undefined) return undefined;
  const { type, name } = column;
  const value = quoted(name);
  return { kind, text: kind === "N" ? numberText(dialect, type, value, 2) : dialect.wire(type, value) };
}

/** The type that DynamoDB has for the values of a column. */
function kindOf({ type, format }: Column): StoredScalar["kind"] | undefined {
  switch (type.kind) {
    case "string":
    case "date":
      return "S";
    case "timestamp":
      return format === "iso" ? "S" : "N";
    case "int":
    case "bigint":
    case "double":
    case "decimal":
      return "N";
    case "binary":
      return "B";
    case "boolean":
      return "BOOL";
    default:
      return undefined;
  }
}
