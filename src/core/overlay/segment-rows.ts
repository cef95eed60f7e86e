/** Segments as a relation in which every column of the schema has its values, in whichever form a segment was written. */
import type { Manifest, Segment } from "../format/manifest.ts";
import { recoverableFrom } from "../format/recovery.ts";
import type { QueryEngine } from "../ports/query-engine.ts";
import { withEarlierColumns } from "../schema/earlier-columns.ts";
import type { Schema } from "../schema/schema.ts";
import { typedForm, valueList } from "../sql/column-value.ts";
import { nameList, segmentColumns } from "../sql/typed-columns.ts";

/** Only segments that were written before a column came are looked into for it, and `_unmapped` only where it may have values. */
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
  const recovered = groupsOf(manifest, older).map(({ recoverable, group }) => {
    const values = valueList(engine.dialect, columns, typedForm(recoverable));
    return `SELECT ${values} FROM ${engine.segments(withEarlierColumns(schema), group)}`;
  });
  const whole = segments.filter(({ id }) => !lacking.has(id));
  const newest =
    whole.length === 0 ? [] : [`SELECT ${nameList(columns)} FROM ${engine.segments(schema, whole)}`];
  return `(${[...recovered, ...newest].join(" UNION ALL ")})`;
}

interface FormGroup {
  readonly recoverable: ReadonlySet<string>;
  readonly group: Segment[];
}

/** Segments whose columns have their values in the same places. */
function groupsOf(manifest: Pick<Manifest, "recovery">, segments: readonly Segment[]): readonly FormGroup[] {
  const groups = new Map<string, FormGroup>();
  for (const segment of segments) {
    const recoverable = recoverableFrom(manifest, segment.id);
    const mark = [...recoverable].join();
    const known = groups.get(mark) ?? { recoverable, group: [] };
    known.group.push(segment);
    groups.set(mark, known);
  }
  return [...groups.values()];
}
