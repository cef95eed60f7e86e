/** The tables of the Glue Data Catalog under which the objects of a lake table lie; the views over them are what people query. */

/** The change log, base and deltas, and what snapshots stage. */
export type StoredTable = "changes" | "segments" | "staging";

export function storedTableName(table: string, stored: StoredTable): string {
  return `${table}__${stored}`;
}

/** The view with what is known of a table; `dynalake_tables` is the union of them. */
export function momentsViewName(table: string): string {
  return `${table}__moments`;
}
