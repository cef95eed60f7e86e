/**
 * What differs between the engines. All statements are generated once, in the files beside this one, over a dialect:
 * names are always quoted, values are always literals made here, and nothing from a user is spliced in otherwise.
 */
import type { ColumnType } from "../column-type.ts";
import type { WireType } from "../wire-line.ts";

export interface Dialect {
  readonly name: "duckdb" | "athena";

  /** The SQL name of a column's type. */
  readonly typeName: (type: ColumnType) => string;
  readonly wireTypeName: (type: WireType) => string;

  /** The expression that turns `wire`, a value's wire form, into its type. It cannot fail on values that the core has proved. */
  readonly typed: (type: ColumnType, wire: string) => string;

  /** The expression that turns `typed`, a value of the type, into its wire form. */
  readonly wire: (type: ColumnType, typed: string) => string;

  /** The type in which segments store `_key`, and the expression that makes it from 32 hexadecimal digits. */
  readonly keyTypeName: string;
  readonly keyTyped: (wire: string) => string;

  /** `_changed_at` as a timestamp from seconds since the epoch, and back. */
  readonly timeTyped: (wire: string) => string;
  readonly timeWire: (typed: string) => string;

  /** The label of a row's part by the value of a column, made of letters, digits, _ and -; null where the value is null. */
  readonly partLabel: (kind: "year" | "month" | "day" | "identity", typed: string) => string;

  /** The number (0 to count - 1) of the bucket in which `_key`, as segments store it, lies. */
  readonly bucketOfTyped: (typed: string, count: number) => string;
}

/** A quoted name. Both engines double a quote inside. */
export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** A lambda's variable. No column can have its name, which has a space: engines would take `x.value` for a column's field. */
export function lambdaVariable(depth: number): string {
  return quoted(`x ${depth}`);
}

/** A text literal. */
export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** A whole number as SQL writes it. */
export function integer(value: number): string {
  if (!Number.isSafeInteger(value)) throw new Error("no whole number");
  return String(value);
}
