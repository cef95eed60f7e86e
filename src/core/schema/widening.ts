/**
 * Which types hold every value of another one. A column widens to such a type alone, and gets a physical column of its own for it,
 * since engines read a file's column by its name and type.
 */
import { sha256Half } from "../values/hash.ts";
import { type ColumnType, type StructField, schemaTypeText } from "./column-type.ts";
import type { TimestampFormat } from "./schema-file.ts";

/** The whole digits that a type has room for, and those after the point. */
export interface Digits {
  readonly whole: number;
  readonly fraction: number;
}

/** Undefined for types that are not of exact numbers. */
export function digitsOf(type: ColumnType): Digits | undefined {
  switch (type.kind) {
    case "int":
      return { whole: 10, fraction: 0 };
    case "bigint":
      return { whole: 19, fraction: 0 };
    case "decimal":
      return { whole: type.precision - type.scale, fraction: type.scale };
    default:
      return undefined;
  }
}

/** Whether the type is another one, and has each value of `from` as the same value. */
export function widens(from: ColumnType, to: ColumnType): boolean {
  return schemaTypeText(from) !== schemaTypeText(to) && holds(from, to);
}

/**
 * Whether the type has more digits after the point, and fewer before it: one for columns whose values are known to need no more of
 * these. All 38 digits of a decimal are rarely used.
 */
export function reaches(from: ColumnType, to: ColumnType): boolean {
  const [old, next] = [digitsOf(from), digitsOf(to)];
  if (to.kind !== "decimal" || old === undefined || next === undefined) return false;
  return next.fraction > old.fraction && next.whole < old.whole; // breakage: reaching-keeps-decimals
}

/** Whether each value of one type is one of the other. */
export function holds(from: ColumnType, to: ColumnType): boolean {
  switch (from.kind) {
    case "int":
      return to.kind === "int" || to.kind === "bigint" || holdsDigits(from, to);
    case "bigint":
      return to.kind === "bigint" || holdsDigits(from, to);
    case "decimal":
      return holdsDigits(from, to);
    case "array":
      return to.kind === "array" && holds(from.element, to.element);
    case "map":
      return to.kind === "map" && holds(from.value, to.value);
    case "struct":
      return to.kind === "struct" && from.fields.every((field) => holdsField(field, to.fields));
    default:
      return schemaTypeText(from) === schemaTypeText(to);
  }
}

/** A decimal that lost digits on either side of the point could not hold what is there. */
function holdsDigits(from: ColumnType, to: ColumnType): boolean {
  const [old, next] = [digitsOf(from), digitsOf(to)];
  if (to.kind !== "decimal" || old === undefined || next === undefined) return false;
  return next.whole >= old.whole && next.fraction >= old.fraction; // breakage: widening-keeps-digits-on-both-sides
}

function holdsField({ attribute, type }: StructField, fields: readonly StructField[]): boolean {
  return fields.some((field) => field.attribute === attribute && holds(type, field.type));
}

const NAME_CHARACTERS_MAX = 255;

/**
 * The name of the physical column for a column of this form: of two that are chosen at the same time, those of different forms
 * have different names.
 */
export function widenedName(
  name: string,
  { type, format }: { readonly type: ColumnType; readonly format: TimestampFormat },
  taken: ReadonlySet<string>,
): string {
  const form = format === "iso" ? schemaTypeText(type) : `${schemaTypeText(type)}_${format}`;
  const text = form.replace(/[(,)]+/g, "_").replace(/_$/, "");
  const mark = /^[a-z0-9_]{1,40}$/.test(text) ? text : sha256Half(form).slice(0, 12);
  const base = `${name.slice(0, NAME_CHARACTERS_MAX - mark.length - 8)}__${mark}`;
  return freeName(base, taken);
}

/** The name itself, or the first numbered one that is free. */
export function freeName(name: string, taken: ReadonlySet<string>): string {
  for (let number = 2, free = name; ; number++) {
    if (!taken.has(free)) return free;
    free = `${name.slice(0, NAME_CHARACTERS_MAX - 5)}_${number}`;
  }
}
