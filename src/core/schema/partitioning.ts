/**
 * How a lake table is partitioned into parts that compactions rewrite one by one: by buckets of the key's hash, or by the
 * values of a column. The name of a segment ends with the label of its part.
 */
import { grouped } from "../counted.ts";
import type { ColumnType } from "./column-type.ts";

export type Partitioning =
  | { readonly kind: "bucket"; readonly count: number }
  | { readonly kind: "year" | "month" | "day" | "identity"; readonly column: string };

interface NamedColumn {
  readonly name: string;
  readonly label: string;
  readonly type: ColumnType;
}

export const BUCKETS_MAX = 1000;

/** Rows that one bucket should hold. */
const ROWS_PER_BUCKET = 2_000_000;

const PARTITION_BY = /^\s*([a-z]+)\s*\(\s*([a-z0-9_]+)\s*\)\s*$/;

/** Parses `partitionBy`. Undefined means buckets, whose number `bucketsFor` chooses at the first snapshot. */
export function parsePartitioning(
  text: string | undefined,
  columns: readonly NamedColumn[],
  refuse: (why: string) => never,
): Partitioning | undefined {
  if (text === undefined) return undefined;
  const [, kind, argument = ""] = PARTITION_BY.exec(text) ?? [];
  if (kind === "bucket") {
    const count = /^\d{1,4}$/.test(argument) ? Number(argument) : 0;
    if (count < 1 || count > BUCKETS_MAX) refuse(`n in bucket(n) must be from 1 to ${grouped(BUCKETS_MAX)}`);
    return { kind, count };
  }
  if (kind !== "year" && kind !== "month" && kind !== "day" && kind !== "identity") {
    return refuse("expected bucket(n), year(column), month(column), day(column) or identity(column)");
  }
  // By its name in SQL; the partitioning names it as files do.
  const column =
    columns.find((candidate) => candidate.label === argument) ??
    columns.find((candidate) => candidate.name === argument);
  if (column === undefined) return refuse(`column "${argument}" does not exist`);
  const wanted = kind === "identity" ? ["string", "int", "bigint", "boolean", "date"] : ["date", "timestamp"];
  if (!wanted.includes(column.type.kind))
    refuse(`${kind}(column) needs a column of type ${wanted.join(" or ")}`);
  return { kind, column: column.name };
}

/** The number of buckets for a table of `rows` rows: 1 for a small one. */
export function bucketsFor(rows: number): number {
  return Math.min(BUCKETS_MAX, Math.max(1, Math.ceil(rows / ROWS_PER_BUCKET)));
}

/** The label of bucket `index`. */
export function bucketLabel(index: number): string {
  return `b${String(index).padStart(4, "0")}`;
}

/** The index of the bucket that has this label. */
export function bucketOfLabel(label: string): number {
  return Number(label.slice(1));
}

/** How many values the first 32 bits of a key's hash have: buckets cut them evenly. */
const HASH_STARTS = 2 ** 32;

/** The hash of a key, 32 hexadecimal digits, with which bucket `index` of `count` begins; undefined behind the last one. */
export function bucketStart(index: number, count: number): string | undefined {
  if (index === count) return undefined;
  // breakage: buckets-meet
  return Math.ceil((index * HASH_STARTS) / count)
    .toString(16)
    .padStart(8, "0")
    .padEnd(32, "0");
}

/** The bucket that holds a key, by its hash: 32 hexadecimal digits. */
export function bucketOfHash(hash: string, count: number): number {
  return Math.floor((Number.parseInt(hash.slice(0, 8), 16) * count) / HASH_STARTS);
}

/** The label as an SQL expression. `index` is the expression of the bucket's number. */
export function bucketLabelOf(index: string): string {
  return `'b' || lpad(CAST(${index} AS varchar), 4, '0')`;
}
