/** Segments as a relation in which every column of the schema has its values, whenever it was declared. */
import type { Manifest, Segment } from "../format/manifest.ts";
import { recoverableColumns } from "../format/recovery.ts";
import type { QueryEngine } from "../ports/query-engine.ts";
import type { Schema } from "../schema/schema.ts";
import { typedForm, valueList } from "../sql/column-value.ts";
import { nameList, segmentColumns } from "../sql/typed-columns.ts";

/** Only segments that were written before a column was declared are looked into for it. */
export function segmentRows(
  engine: Pick<QueryEngine, "dialect" | "segments">,
  schema: Schema,
  manifest: Pick<Manifest, "recovery">,
  segments: readonly Segment[],
): string {
  const lacking = new Set(manifest.recovery?.segments);
  const older = segments.filter(({ id }) => lacking.has(id));
  if (older.length === 0) return engine.segments(schema, segments);
  const columns = segmentColumns(engine.dialect, schema);
  const values = valueList(engine.dialect, columns, typedForm(recoverableColumns(manifest)));
  const recovered = `SELECT ${values} FROM ${engine.segments(schema, older)}`;
  const whole = segments.filter(({ id }) => !lacking.has(id));
  if (whole.length === 0) return `(${recovered})`;
  return `(${recovered} UNION ALL SELECT ${nameList(columns)} FROM ${engine.segments(schema, whole)})`;
}
