/** Files of wire rows on this machine, as DuckDB reads them. */
import { literal } from "../../core/ports/dialect.ts";
import { LINE_BYTES_MAX, type WireColumn } from "../../core/row/wire-line.ts";
import { duckdb } from "../../core/sql/duckdb.ts";
import { filePattern } from "./file-pattern.ts";

/** A relation over files of wire rows. */
export function wireFiles(columns: readonly WireColumn[], files: readonly string[]): string {
  const list = files.map(filePattern).join(", ");
  const types = columns.map(
    (column) => `${literal(column.name)}: ${literal(duckdb.wireTypeName(column.type))}`,
  );
  const options = [
    "format = 'newline_delimited'",
    `columns = {${types.join(", ")}}`,
    `maximum_object_size = ${LINE_BYTES_MAX}`,
    // A folder called name=value above the lake must not become a column.
    "hive_partitioning = false",
  ];
  return `read_json([${list}], ${options.join(", ")})`;
}
