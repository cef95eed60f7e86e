/** What a statement gives, whichever engine runs it: columns, and rows of cells that keep every digit. */

/**
 * One value of a row.
 *
 * | SQL type | cell |
 * | --- | --- |
 * | boolean | `boolean` |
 * | integers of up to 32 bits, float, double | `number` |
 * | wider integers (`bigint`, `hugeint`, counts and sums) | see `NumberForm` |
 * | decimal, date, time, timestamp, uuid, json, enum, text | `string` |
 * | blob | `Uint8Array` |
 * | list, array | an array of cells |
 * | struct | an object without a prototype, one member a field |
 * | map | an array of `{ key, value }` |
 * | union | `{ tag, value }` |
 * | interval | `{ months, days, micros }`; `micros` is text |
 */
export type Cell =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | readonly Cell[]
  | { readonly [name: string]: Cell };

/**
 * How integers of more than 32 bits are given. "safe": a `number` where it is exact (up to 2^53 - 1 either way), otherwise a
 * `bigint`. "bigint" and "string": every one of them, so that a column has one type.
 */
export type NumberForm = "safe" | "bigint" | "string";

export interface ResultColumn {
  /** Unique within a result: a name that the statement repeats gets a number. */
  readonly name: string;
  /** The SQL type as the engine writes it, such as `DECIMAL(10,2)`, `BIGINT[]` or `STRUCT("a" INTEGER)`. */
  readonly type: string;
}
