/** The rows of a stream, some at a time. */
import type { DuckDBDataChunk, DuckDBValueConverter } from "@duckdb/node-api";
import { engineError } from "./duckdb-error.ts";
import type { StreamedRows } from "./duckdb-session.ts";

/** The engine gives up to 2,048 rows at once. Items of 400 KB would be too much memory, and too long for a string. */
const ROWS_AT_ONCE_MAX = 128;

/** Rows become values only when their batch is asked for. */
export async function* rowBatches<Value>(
  rows: StreamedRows,
  convert: DuckDBValueConverter<Value>,
): AsyncGenerator<readonly (readonly (Value | null)[])[]> {
  for (let chunk = await rows.next(); chunk !== undefined; chunk = await rows.next()) {
    for (let from = 0; from < chunk.rowCount; from += ROWS_AT_ONCE_MAX) {
      yield converted(chunk, from, Math.min(from + ROWS_AT_ONCE_MAX, chunk.rowCount), convert);
    }
  }
}

function converted<Value>(
  chunk: DuckDBDataChunk,
  from: number,
  below: number,
  convert: DuckDBValueConverter<Value>,
): readonly (readonly (Value | null)[])[] {
  const rows: (readonly (Value | null)[])[] = [];
  try {
    for (let row = from; row < below; row++) rows.push(chunk.convertRowValues(row, convert));
    return rows;
  } catch (error) {
    // The client refuses values that it cannot convert.
    throw engineError(error);
  }
}
