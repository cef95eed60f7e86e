/**
 * What differs between the engines. `src/core/sql` generates every statement once, for any dialect. Names are always quoted and
 * values are always literals made here: nothing from a user enters a statement in any other way.
 */
import type { WireType } from "../row/wire-line.ts";
import type { ColumnType } from "../schema/column-type.ts";

export interface Dialect {
  readonly name: "duckdb" | "athena";

  /** The SQL name of a column's type. */
  readonly typeName: (type: ColumnType) => string;
  readonly wireTypeName: (type: WireType) => string;

  /** Converts `wire`, the wire form of a value, to its type. Never fails for values that the core has checked. */
  readonly typed: (type: ColumnType, wire: string) => string;

  /** Converts `typed`, a value of the type, to its wire form. */
  readonly wire: (type: ColumnType, typed: string) => string;

  /** The type in which segments store `_key`, and the expressions that convert 32 hexadecimal digits to it and back. */
  readonly keyTypeName: string;
  readonly keyTyped: (wire: string) => string;
  readonly keyWire: (typed: string) => string;

  /** Converts `_changed_at` from seconds since the epoch to a timestamp, and back. */
  readonly timeTyped: (wire: string) => string;
  readonly timeWire: (typed: string) => string;

  /** The label of a row's part, from the value of a column: letters, digits, _ and -. Null if the value is null. */
  readonly partLabel: (kind: "year" | "month" | "day" | "identity", typed: string) => string;

  /** A named query of a WITH clause, of which the engine reads in each place only the columns that are needed there. */
  readonly inlined: (name: string, query: string) => string;

  /** How the dialect reads DynamoDB JSON. */
  readonly json: JsonSql;

  /** The bucket of `_key`, as segments store it: a number from 0 to count - 1. */
  readonly bucketOfTyped: (typed: string, count: number) => string;
}

/**
 * Expressions over DynamoDB JSON in the canonical form that dynalake writes. Each is null for a value of another type, and none
 * fails. A `value` is one attribute value, such as `{"S":"x"}`, in the engine's JSON type.
 */
export interface JsonSql {
  /** A text literal. Attribute names may contain any character. */
  readonly text: (text: string) => string;
  /** Whether a text contains another one. */
  readonly holds: (text: string, part: string) => string;
  /** The value of an attribute in the text of an item. */
  readonly attribute: (item: string, name: string) => string;
  /**
   * The text of an item, or of none, without the attributes `hidden`, and with those of `others` that it lacks and whose value is not
   * null. Null if nothing is left.
   */
  readonly changedItem: (item: string, change: ItemChange) => string;
  /** The text of a value, without blanks. */
  readonly textOf: (value: string) => string;
  /** A value of a type, of a text or a boolean that is not null. */
  readonly value: (type: "S" | "N" | "B" | "BOOL", content: string) => string;

  /**
   * A relation with a row for each attribute of the items in a column: its `attribute`, a text, and its `value`, beside `columns` of
   * the item's row.
   */
  readonly attributes: (relation: string, item: string, columns: readonly string[]) => string;
  /** The name of a value's type. */
  readonly typeOf: (value: string) => string;
  /** How many strings, numbers, binary values and booleans are in a value, at any depth; members of sets do not count. */
  readonly leaves: (value: string) => string;
  /** The number of elements of an array; 0 for none. */
  readonly size: (array: string) => string;
  /** The sum of an array of whole numbers; 0 for none. */
  readonly sum: (array: string) => string;
  /** The values of a map of the engine, as an array. */
  readonly valuesOf: (map: string) => string;

  /** The text of a string, a number or a binary value. */
  readonly scalar: (value: string, type: "S" | "N" | "B") => string;
  readonly boolean: (value: string) => string;
  /** The texts of a set, as an array. */
  readonly set: (value: string, type: "SS" | "NS" | "BS") => string;
  /** The values of a list, as an array. */
  readonly list: (value: string) => string;
  /** The values of a map by name, as a map of the engine. */
  readonly map: (value: string) => string;
  /** The members of a map, in the form that `member` reads; otherwise null. */
  readonly members: (value: string) => string;
  readonly member: (members: string, name: string) => string;
  /** The value as plain JSON text, as in a column of type json. */
  readonly plain: (value: string) => string;

  /**
   * `body`, with `variable` bound to a value that is computed once. Trino plans a lambda inside another one about three times,
   * so lambdas are only for arrays and for expressions that would otherwise be long.
   */
  readonly bound: (value: string, variable: string, body: string) => string;
  readonly eachElement: (array: string, variable: string, body: string) => string;
  readonly eachValue: (map: string, variable: string, body: (value: string) => string) => string;
  readonly struct: (
    fields: readonly { readonly name: string; readonly typeName: string; readonly value: string }[],
  ) => string;

  /** The text if the pattern matches all of it, otherwise null. No pattern matches an empty text. */
  readonly matching: (text: string, pattern: string) => string;
  /** The shortest digits of a double, perhaps with other characters around them. */
  readonly shortest: (double: string) => string;
  /** The timestamp of a whole number of milliseconds since 1970 with at most 15 digits. */
  readonly timeOfMillis: (millis: string) => string;
}

export interface ItemChange {
  readonly hidden: readonly string[];
  readonly others: readonly { readonly name: string; readonly value: string }[];
}

/** A quoted name. Both engines escape a quote by doubling it. */
export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`; // breakage: quotes-in-names-doubled
}

/** A lambda's variable. Its name contains a space, which no column's does: engines might take `x.value` for a field of a column. */
export function lambdaVariable(depth: number): string {
  return quoted(`x ${depth}`);
}

/** A text literal. */
export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`; // breakage: quotes-in-texts-doubled
}

/** A whole number as SQL writes it. */
export function integer(value: number): string {
  if (!Number.isSafeInteger(value)) throw new Error("not a whole number");
  return String(value);
}
