/** Results of the rooms below as the library reports them. */
import type { CompactionResult } from "../core/compaction/compact.ts";
import { type Gap as RecordedGap, repairTimeSeconds } from "../core/format/manifest.ts";
import { limitSentences } from "../core/infer/following-limits.ts";
import { schemaLine } from "../core/infer/found-values.ts";
import type { InferredSchema } from "../core/infer/infer.ts";
import { type Drift as CountedDrift, driftSentence } from "../core/overlay/drift-finding.ts";
import { schemaTypeText } from "../core/schema/column-type.ts";
import { addedColumns, type RebasedSchema, type Widening } from "../core/schema/rebased-schema.ts";
import type { Schema } from "../core/schema/schema.ts";
import { textColumns } from "../core/schema/text-name.ts";
import { healthWith, type TableStatus as RecordedStatus } from "../core/status/status.ts";
import { type SchemaEdit, schemaEditSentence } from "../core/table/schema-edit.ts";
import { type VerifyReport, verifyResult } from "../core/verify/verify-report.ts";
import type { SchemaEffects } from "../embedded/compaction/edit-schema.ts";
import type { TakenSnapshot } from "../embedded/snapshot/take-in.ts";
import type { LakeEvent } from "./event.ts";
import type {
  CompactionRun,
  Drift,
  Gap,
  Inference,
  SchemaChangeReport,
  SnapshotReport,
  TableStatus,
  Verification,
} from "./reports.ts";

export function inferenceReport({
  file,
  items,
  undecided,
  notes,
}: InferredSchema & { readonly items: number }): Inference {
  return {
    schema: file,
    items,
    undecided: undecided.map(({ attribute, why }) => ({ attribute, why })),
    notes,
  };
}

export function snapshotReport(taken: TakenSnapshot): SnapshotReport {
  const { items, skipped, quarantined, manifest, choice, drift, openGaps } = taken;
  const { table, source } = choice.schema;
  return {
    table,
    source,
    items,
    skipped,
    quarantined,
    manifest: manifest.sequence,
    dated: manifest.floorSeconds > 0,
    schemaOrigin: choice.origin,
    undecided: choice.undecided,
    notes: choice.notes ?? [],
    drift: driftReports(drift, choice.schema),
    addedColumns: choice.effect.added,
    openGaps: openGaps.map(gapOf),
  };
}

/** What a change makes of a schema; undefined for none. */
export function schemaChangeReport(before: Schema, change: SchemaEffects | undefined): SchemaChangeReport {
  const { table } = before;
  if (change === undefined)
    return {
      table,
      added: [],
      widened: [],
      retyped: [],
      renamed: [],
      hidden: [],
      shown: [],
      evolve: undefined,
    };
  const { renamed, hidden, shown } = change;
  const [from, to] = [before.evolve, change.schema.evolve];
  const isOther = ({ otherKind }: Widening): boolean => otherKind === true;
  const texts = new Map(textColumns(change.schema).map(({ column, text }) => [column.attribute, text.label]));
  const drift = new Map(driftReports(change.drift, change.schema).map((found) => [found.attribute, found]));
  return {
    table,
    added: addedColumns(change).map(({ label, type }) => ({ name: label, type: schemaTypeText(type) })),
    widened: change.widened
      .filter((each) => !isOther(each))
      .map(({ label, from, to }) => ({ name: label, from, to })),
    retyped: change.widened.filter(isOther).map(({ attribute, label, from, to }) => ({
      name: label,
      from,
      to,
      text: texts.get(attribute),
      drift: drift.get(attribute),
    })),
    renamed,
    hidden,
    shown,
    evolve: from === to ? undefined : { from, to },
  };
}

export function compactionRun({ kind, run, rows, segments, manifest }: CompactionResult): CompactionRun {
  return { kind, run, rows, segments, manifest: manifest.sequence };
}

export function tableStatusOf(
  { openGaps, repairedGaps, ...status }: Omit<RecordedStatus, "rows">,
  edit: SchemaEdit | undefined,
  drift: readonly CountedDrift[],
  schema: Schema,
): Omit<TableStatus, "rows"> {
  const schemaFile = edit && { state: edit.kind, detail: schemaEditSentence(status.table, edit) };
  return {
    ...status,
    health: healthWith(status.health, drift),
    schemaFile,
    drift: driftReports(drift, schema),
    limits: limitsOf(schema, drift),
    openGaps: openGaps.map(gapOf),
    repairedGaps: repairedGaps.map(gapOf),
  };
}

function limitsOf(schema: Schema, drift: readonly CountedDrift[]): readonly string[] {
  const undeclared = drift.filter(({ column }) => column === undefined).map(({ attribute }) => attribute);
  return limitSentences(schema, undeclared, new Set(drift.map(({ attribute }) => attribute)));
}

export function verificationOf(report: VerifyReport): Verification {
  const { quarantined, differences, unsettled, openGaps, table, source, ...counted } = report;
  return {
    table,
    source,
    result: verifyResult(report),
    ...counted,
    differences: differences.map((difference) => {
      const reason = quarantined.get(difference.keyHash);
      return { ...difference, ...(reason === undefined ? {} : { quarantined: reason }) };
    }),
    unsettled: unsettled.map(({ kind, key, keyHash }) => ({ kind, key, keyHash })),
    openGaps: openGaps.map(gapOf),
  };
}

/** What a table got by following its data. */
export function followedEvents(
  table: string,
  { added, widened }: Pick<RebasedSchema, "added" | "widened">,
): readonly LakeEvent[] {
  const columns = widened.map(({ label, from, to }) => ({ name: label, from, to }));
  return [
    ...(added.length === 0 ? [] : [{ kind: "columns-added", table, columns: added } as const]),
    ...(widened.length === 0 ? [] : [{ kind: "types-widened", table, columns } as const]),
  ];
}

/** The drift of a table with this schema. */
export function driftReports(drift: readonly CountedDrift[], schema: Schema): readonly Drift[] {
  return drift.map((found) => ({
    ...found,
    sentence: driftSentence(found),
    line: schemaLine(schema, found),
  }));
}

export function gapOf({ reason, detail, foundAtSeconds, lostUntilSeconds }: RecordedGap): Gap {
  const snapshotAfterSeconds = repairTimeSeconds({ lostUntilSeconds });
  return { reason, detail, foundAtSeconds, lostUntilSeconds, snapshotAfterSeconds };
}
