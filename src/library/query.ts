/** Queries as the library takes and answers them. */
import type { Cell, ResultColumn } from "../core/ports/query-result.ts";

/** A row by its columns' names. It has no prototype, so that a column can have any name. */
export type Row = Readonly<Record<string, Cell>>;

export interface QueryOptions {
  /** The tables as they were at this time. Default: now. */
  readonly asOf?: Date;
  /**
   * How to return integers of more than 32 bits (`bigint`, `hugeint`, counts, sums): every one as a `bigint`, or as a string.
   * Default: as a `number` if it is exact (up to 2^53 - 1 either way), otherwise as a `bigint`.
   */
  readonly numbers?: "bigint" | "string";
}

export interface ParquetOptions {
  /**
   * Columns whose values become folders, `<column>=<value>`: dates, integers, or texts that begin with a letter; without NULL, and at most
   * 1,000 of each.
   */
  readonly partitionBy?: readonly string[];
  /** Replaces what is there. */
  readonly overwrite?: boolean;
}

/**
 * One statement and its rows, which can be read once: as objects (`for await`), as arrays, or all together. It begins when it
 * is first read, runs in an engine of its own, and computes only what is read, and some ahead.
 *
 * A loop that is left early frees everything. So does `close()`, which only a query whose rows are never read needs.
 *
 * Reading rejects with SQL_FAILED, LAKE_NOT_FOUND, AS_OF_UNKNOWN, ENGINE_FAILED or DISK_FULL, with LAKE_CLOSED once the lake
 * is closed, and with the signal's reason once it is aborted. Rows that were cut off never end as if they were complete.
 *
 * @example
 * ```ts
 * import { openLake } from "dynalake";
 *
 * const lake = await openLake("lake");
 * const query = lake.query("SELECT * FROM reviews ORDER BY book");
 * console.log((await query.columns()).map(({ name }) => name));
 * for await (const cells of query.arrays()) console.log(cells);
 * await lake.close();
 * ```
 */
export interface Query<R = Row> extends AsyncIterable<R> {
  /** The columns, also of a result without rows. */
  columns(): Promise<readonly ResultColumn[]>;
  /** Rows as arrays of cells, in the order of the columns. */
  arrays(): AsyncIterable<readonly Cell[]>;
  /** All rows, in memory. */
  all(): Promise<R[]>;
  /**
   * Writes the rows as Parquet, in place of reading them: a file, or a folder of files with `partitionBy`. It is there whole or not at
   * all. Integers of more than 64 bits become decimals of 38 digits, and fail where they have more. Resolves to the number of rows.
   *
   * Rejects with USAGE too, where the file is there already or a column cannot be made of folders.
   */
  parquet(file: string, options?: ParquetOptions): Promise<number>;
  /** Ends the statement and frees what it holds. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}
