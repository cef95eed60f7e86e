/**
 * A value of a column that files had before, as one of the column of now: what the codecs make of the attribute that it was made
 * from. Types of one kind widen; everything else goes by the attribute's value in DynamoDB.
 */
import { type Dialect, lambdaVariable } from "../ports/dialect.ts";
import type { ScalarType } from "../schema/column-type.ts";
import { convertsForm, sameForm, type ValueForm } from "../schema/value-form.ts";
import { convertedValue } from "./converted-value.ts";
import { numberText } from "./number-text.ts";
import { scalarFromText } from "./scalar-from-text.ts";

/** `value`, of the form `from`, in the form `to`. Undefined where no value of the one is a value of the other. */
export function formerValue(
  dialect: Dialect,
  from: ValueForm,
  to: ValueForm,
  value: string,
): string | undefined {
  if (sameForm(from, to)) return value;
  if (convertsForm(from, to)) return convertedValue(dialect, from.type, to.type, value);
  const stored = storedScalar(dialect, from, value);
  if (stored === undefined) return undefined;
  if (to.type.kind === "json") return ofScalar(dialect, stored, dialect.json.plain);
  if (kindOf(to) !== stored.kind) return undefined;
  return scalarFromText(dialect, to.type as ScalarType, stored.text, DEPTH, to.format);
}

/** The attribute's value in DynamoDB JSON; undefined for forms of which SQL does not make one. */
export function storedAttribute(dialect: Dialect, form: ValueForm, value: string): string | undefined {
  const stored = storedScalar(dialect, form, value);
  return stored && ofScalar(dialect, stored, (attribute) => attribute);
}

/** The condition that the column of now alone gives back the attribute's value. */
export function givesBack(dialect: Dialect, from: ValueForm, to: ValueForm, value: string): string {
  const own = formerValue(dialect, from, to, value);
  const stored = storedScalar(dialect, from, value);
  if (own === undefined || stored === undefined) return "false";
  // breakage: json-alone-gives-no-numbers-back
  if (to.type.kind === "json" && stored.kind !== "S" && stored.kind !== "BOOL") return "false";
  // breakage: spellings-of-moments-are-kept
  if (isMoment(to)) return `coalesce(${dialect.wire(to.type, own)} = ${stored.text}, false)`;
  return `${own} IS NOT NULL`;
}

/** Whether values have many spellings in DynamoDB, and one in their column: `_unmapped` has the others. */
export function isMoment({ type, format }: ValueForm): boolean {
  return type.kind === "timestamp" && format === "iso";
}

/** Variables of lower depths are those of the dialects' expressions over JSON. */
const DEPTH = 2;

interface StoredScalar {
  readonly kind: "S" | "N" | "B" | "BOOL";
  /** The text of the value as DynamoDB has it, or the boolean. */
  readonly text: string;
}

/** Undefined for lists, maps and sets, and for json. */
function storedScalar(dialect: Dialect, form: ValueForm, value: string): StoredScalar | undefined {
  const kind = kindOf(form);
  if (kind === undefined) return undefined;
  if (kind !== "N") return { kind, text: dialect.wire(form.type, value) };
  if (form.type.kind === "timestamp") return { kind, text: epochText(dialect, form, value) };
  return { kind, text: numberText(dialect, form.type, value, DEPTH) };
}

/** `body` of the attribute's value, or null. */
function ofScalar(
  dialect: Dialect,
  { kind, text }: StoredScalar,
  body: (attribute: string) => string,
): string {
  const variable = lambdaVariable(DEPTH);
  const value = body(dialect.json.value(kind, variable));
  return dialect.json.bound(text, variable, `CASE WHEN ${variable} IS NOT NULL THEN ${value} END`);
}

/** The number of a moment since 1970. */
function epochText(dialect: Dialect, { format }: ValueForm, value: string): string {
  const millis = `date_diff('millisecond', TIMESTAMP '1970-01-01 00:00:00.000', ${value})`;
  if (format === "epoch_millis") return numberText(dialect, { kind: "bigint" }, millis, DEPTH);
  const whole = `CAST(${millis} AS ${dialect.typeName({ kind: "decimal", precision: 18, scale: 0 })})`;
  return numberText(dialect, { kind: "decimal", precision: 22, scale: 3 }, `(${whole} * 0.001)`, DEPTH);
}

/** The type that DynamoDB has for the values of a form. */
function kindOf({ type, format }: ValueForm): StoredScalar["kind"] | undefined {
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
