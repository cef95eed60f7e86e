/**
 * What differs between the engines. All statements are generated once, in the files beside this one, over a dialect:
 * names are always quoted, values are always literals made here, and nothing from a user is spliced in otherwise.
 */

import type { WireType } from "../row/wire-line.ts";
import type { ColumnType } from "../schema/column-type.ts";

export interface Dialect {
  readonly name: "duckdb" | "athena";

  /** The SQL name of a column's type. */
  readonly typeName: (type: ColumnType) => string;
  readonly wireTypeName: (type: WireType) => string;

  /** The expression that turns `wire`, a value's wire form, into its type. It cannot fail on values that the core has proved. */
  readonly typed: (type: ColumnType, wire: string) => string;

  /** The expression that turns `typed`, a value of the type, into its wire form. */
  readonly wire: (type: ColumnType, typed: string) => string;

  /** The type in which segments store `_key`, and the expression that makes it from 32 hexadecimal digits, and back. */
  readonly keyTypeName: string;
  readonly keyTyped: (wire: string) => string;
  readonly keyWire: (typed: string) => string;

  /** `_changed_at` as a timestamp from seconds since the epoch, and back. */
  readonly timeTyped: (wire: string) => string;
  readonly timeWire: (typed: string) => string;

  /** The label of a row's part by the value of a column, made of letters, digits, _ and -; null where the value is null. */
  readonly partLabel: (kind: "year" | "month" | "day" | "identity", typed: string) => string;

  /** How the dialect reads DynamoDB JSON. */
  readonly json: JsonSql;

  /** The number (0 to count - 1) of the bucket in which `_key`, as segments store it, lies. */
  readonly bucketOfTyped: (typed: string, count: number) => string;
}

/**
 * Expressions over DynamoDB JSON that dynalake has written itself, in its canonical form. Each is null where the value is of
 * another type, and none fails. A `value` is one attribute value, `{"S":"x"}`, as the engine's own JSON type.
 */
export interface JsonSql {
  /** A text literal of any characters: names of attributes have them all. */
  readonly text: (text: string) => string;
  /** Whether a text holds another one. */
  readonly holds: (text: string, part: string) => string;
  /** The value of an attribute of an item's text. */
  readonly attribute: (item: string, name: string) => string;

  /** The text of a string, a number or a binary value. */
  readonly scalar: (value: string, type: "S" | "N" | "B") => string;
  readonly boolean: (value: string) => string;
  /** The texts of a set, as an array. */
  readonly set: (value: string, type: "SS" | "NS" | "BS") => string;
  /** The values of a list, as an array. */
  readonly list: (value: string) => string;
  /** The values of a map by their names, as a map of the engine. */
  readonly map: (value: string) => string;
  /** What `member` reads of a map, or null. */
  readonly members: (value: string) => string;
  readonly member: (members: string, name: string) => string;
  /** The value as plain JSON text: what a column of type json holds. */
  readonly plain: (value: string) => string;

  /**
   * `body` of a value that is computed once and has the name `variable` in it. Trino plans a lambda within another one about
   * three times: they are for arrays and for what would be long without them.
   */
  readonly bound: (value: string, variable: string, body: string) => string;
  readonly eachElement: (array: string, variable: string, body: string) => string;
  readonly eachValue: (map: string, variable: string, body: (value: string) => string) => string;
  readonly struct: (
    fields: readonly { readonly name: string; readonly typeName: string; readonly value: string }[],
  ) => string;

  /** The text where all of it matches the pattern, which no empty text does; otherwise null. */
  readonly matching: (text: string, pattern: string) => string;
  /** The shortest digits that make a double, with whatever else stands around them. */
  readonly shortest: (double: string) => string;
  /** The timestamp of a whole number of milliseconds since 1970, at most 15 digits of them. */
  readonly timeOfMillis: (millis: string) => string;
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
