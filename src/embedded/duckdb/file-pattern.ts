/** A file of this machine as DuckDB reads it: by a pattern. */
import { literal } from "../../core/ports/dialect.ts";

/** The SQL literal of a pattern that this one file matches: a folder called `lake[1]` or `*` would be a pattern for others. */
export function filePattern(path: string): string {
  return literal(path.replace(/[*?[]/g, "[$&]"));
}
