/**
 * How a column has the values of its attribute: its type, and what a timestamp is in DynamoDB. Types of one kind widen by themselves;
 * a column takes another kind only where a person orders it.
 */
import { type ColumnType, isNested, schemaTypeText } from "./column-type.ts";
import type { TimestampFormat } from "./schema-file.ts";
import { digitsOf, holds, reaches, widens } from "./widening.ts";

export interface ValueForm {
  readonly type: ColumnType;
  /** What a timestamp is in DynamoDB; `iso` for other types. */
  readonly format: TimestampFormat;
}

export function sameForm(one: ValueForm, other: ValueForm): boolean {
  return schemaTypeText(one.type) === schemaTypeText(other.type) && one.format === other.format;
}

/** Whether each value of one form is the same value in the other. */
export function holdsForm(from: ValueForm, to: ValueForm): boolean {
  return from.format === to.format && holds(from.type, to.type);
}

/** Whether a column of one form becomes one of the other by widening. */
export function convertsForm(from: ValueForm, to: ValueForm): boolean {
  return from.format === to.format && (widens(from.type, to.type) || reaches(from.type, to.type));
}

/**
 * Whether the other form is of another kind, and SQL tells which values are the same in both. Exact numbers are of one kind: a
 * narrower type would only hide what is there.
 */
export function isOtherKind(from: ValueForm, to: ValueForm): boolean {
  if (isNested(from.type) || from.type.kind === "json" || isNested(to.type)) return false; // breakage: parts-keep-their-kind
  if (digitsOf(from.type) !== undefined && digitsOf(to.type) !== undefined) return false;
  return !sameForm(from, to);
}

/** The type as a schema file has it, and the format of a timestamp that is none of text. */
export function formText({ type, format }: ValueForm): string {
  return format === "iso" ? schemaTypeText(type) : `${schemaTypeText(type)} from ${format}`;
}
