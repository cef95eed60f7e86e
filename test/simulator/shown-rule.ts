/**
 * What SQL must show of a value in a column of a type, written a second time, independently of the codecs under test: the value
 * itself, exactly, or nothing, and then it is drift.
 */
import type { ColumnType, PartType } from "../../src/core/schema/column-type.ts";
import type { AttributeValue } from "../../src/core/values/attribute-value.ts";

/** A value of SQL as text, or the elements of an array. */
export type Leaf = string | null | readonly (string | null)[];

/** The expressions of what a column shows, as texts, in the order of `leavesOf`. */
export function leafSelects(type: ColumnType, value: string): readonly string[] {
  switch (type.kind) {
    case "struct":
      return type.fields.flatMap((field) => leafSelects(field.type, `(${value})."${field.name}"`));
    case "array":
      return [`list_transform(${value}, lambda element: ${textOf(type.element, "element")})`];
    case "map":
      throw new Error("the model has no maps");
    default:
      return [textOf(type, value)];
  }
}

function textOf(type: ColumnType, value: string): string {
  return `CAST(${type.kind === "timestamp" ? `epoch_us(${value})` : value} AS VARCHAR)`;
}

/** What they must show of the value of an attribute. */
export function leavesOf(type: ColumnType, value: AttributeValue | undefined, set = false): readonly Leaf[] {
  switch (type.kind) {
    case "struct":
      return type.fields.flatMap((field) => leavesOf(field.type, membersOf(value)?.[field.attribute]));
    case "array":
      return [elementsOf(type.element, value, set)];
    default:
      return [scalarOf(type, value)];
  }
}

/** Whether the column hides something of it. */
export function hides(type: ColumnType, value: AttributeValue | undefined, set = false): boolean {
  if (value === undefined || "NULL" in value) return false;
  const shown = leavesOf(type, value, set)
    .flat()
    .filter((leaf) => leaf !== null);
  if (type.kind === "struct" || type.kind === "array") return shown.length < partsOf(value);
  return shown.length === 0;
}

/** How leaves are compared: numbers by their value. */
export function plainLeaf(leaf: unknown): string {
  if (Array.isArray(leaf)) return `[${leaf.map(plainLeaf).join(", ")}]`;
  const text = String(leaf);
  return /^-?\d+(\.\d+)?(E[+-]?\d+)?$/.test(text) ? plainNumber(text) : text;
}

/** The scalars within a value that are not NULL. */
function partsOf(value: AttributeValue): number {
  const [[type, held] = ["NULL", true]] = Object.entries(value) as [string, unknown][];
  if (type === "NULL") return 0;
  if (type === "L") return (held as readonly AttributeValue[]).reduce((sum, each) => sum + partsOf(each), 0);
  if (type === "M")
    return Object.values(held as Readonly<Record<string, AttributeValue>>).reduce(
      (sum, each) => sum + partsOf(each),
      0,
    );
  return type.length === 2 ? (held as readonly string[]).length : 1;
}

function membersOf(value: AttributeValue | undefined): Readonly<Record<string, AttributeValue>> | undefined {
  return value !== undefined && "M" in value ? value.M : undefined;
}

/** A column from a list shows every set, as far as its members are of its type; one from a set lists and its own kind of set. */
function elementsOf(type: PartType, value: AttributeValue | undefined, isSet: boolean): Leaf {
  if (value === undefined) return null;
  if ("L" in value) return value.L.map((element) => scalarOf(type, element));
  const isText = type.kind === "string" || type.kind === "timestamp" || type.kind === "date";
  if ("SS" in value)
    return isText || !isSet ? value.SS.map((S) => (isText ? scalarOf(type, { S }) : null)) : null;
  if ("NS" in value)
    return !isText || !isSet ? value.NS.map((N) => (isText ? null : scalarOf(type, { N }))) : null;
  return null;
}

function scalarOf(type: ColumnType, value: AttributeValue | undefined): string | null {
  if (value === undefined || "NULL" in value) return null;
  switch (type.kind) {
    case "string":
      return "S" in value ? value.S : null;
    case "boolean":
      return "BOOL" in value ? String(value.BOOL) : null;
    case "timestamp":
      return "S" in value ? momentOf(value.S) : null;
    case "int":
      return "N" in value && hasDigits(value.N, 19, 0) && Math.abs(Number(value.N)) < 2 ** 31
        ? value.N
        : null;
    case "bigint":
      return "N" in value && hasDigits(value.N, 19, 0) ? value.N : null;
    case "decimal":
      return "N" in value && hasDigits(value.N, type.precision - type.scale, type.scale) ? value.N : null;
    case "json":
      return JSON.stringify(jsonOf(value));
    default:
      throw new Error(`the model has no values for ${type.kind}`);
  }
}

function momentOf(text: string): string | null {
  const milliseconds = Date.parse(text);
  return Number.isNaN(milliseconds) || !text.startsWith("20") ? null : `${milliseconds}000`;
}

function hasDigits(number: string, whole: number, fraction: number): boolean {
  const digits = digitsOf(number);
  return digits.whole <= whole && digits.fraction <= fraction;
}

/** How many digits a number has on either side of the point. */
export function digitsOf(number: string): { readonly whole: number; readonly fraction: number } {
  const [before = "", after = ""] = plainNumber(number).replace("-", "").split(".");
  return { whole: before === "0" ? 0 : before.length, fraction: after.length };
}

/** Without an exponent and zeros that say nothing. */
export function plainNumber(text: string): string {
  const [, sign = "", whole = "", fraction = "", power = "0"] =
    /^(-?)(\d*)\.?(\d*)(?:E([+-]?\d+))?$/.exec(text) ?? [];
  const shift = Number(power);
  const zeros = "0".repeat(Math.abs(shift));
  const digits = shift < 0 ? `${zeros}${whole}${fraction}` : `${whole}${fraction}${zeros}`;
  const point = (shift < 0 ? zeros.length : 0) + whole.length + shift;
  const before = digits.slice(0, point).replace(/^0+/, "") || "0";
  const after = digits.slice(point).replace(/0+$/, "");
  return `${sign}${before}${after === "" ? "" : `.${after}`}`;
}

/** The text of a value for which a column has no room. */
export function misfitText(value: AttributeValue): string {
  if ("S" in value) return value.S;
  if ("N" in value) return value.N;
  return JSON.stringify(jsonOf(value));
}

/** Numbers are texts, and members stand in the order of their names. */
function jsonOf(value: AttributeValue): unknown {
  if ("S" in value) return value.S;
  if ("N" in value) return plainNumber(value.N);
  if ("BOOL" in value) return value.BOOL;
  if ("L" in value) return value.L.map(jsonOf);
  if ("M" in value)
    return Object.fromEntries(
      Object.keys(value.M)
        .sort()
        .map((name) => [name, jsonOf(value.M[name] as AttributeValue)]),
    );
  if ("SS" in value) return value.SS;
  return "NS" in value ? value.NS : null;
}
