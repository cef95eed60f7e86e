/** The plan of a major compaction: parts of the base are rewritten with the newest of their deltas. */
import type { Segment } from "../format/manifest.ts";
import { segmentRows } from "../overlay/segment-rows.ts";
import { ALL_KEYS, touchedCut, valuePartitioning } from "../overlay/table-parts.ts";
import type { Stage } from "../ports/query-engine.ts";
import type { Schema } from "../schema/schema.ts";
import { majorBaseRows } from "../sql/compaction.ts";
import { sortColumns } from "../sql/typed-columns.ts";
import type { OpenTable } from "../table/open-table.ts";
import type { PlanningContext } from "./compaction-context.ts";
import { type CompactionScope, partsToRewrite } from "./compaction-policy.ts";
import type { Plan } from "./plan.ts";

/** Undefined if no part asks for it. */
export async function planMajor(
  context: PlanningContext,
  opened: OpenTable,
  scope: CompactionScope,
): Promise<Plan | undefined> {
  const { manifest, schema } = opened;
  const parts = partsToRewrite(manifest, context.policy, scope);
  if (parts.length === 0) return undefined;
  const run = context.newRunId();
  const partitioning = valuePartitioning(schema);
  const rewrite =
    partitioning === undefined
      ? rewriteBuckets(context, opened, run, parts)
      : await rewriteTouched(context, opened, run, { partitioning, parts });
  return {
    run,
    fromSequence: manifest.sequence,
    stages: rewrite.stages,
    change: { kind: "major", parts: rewrite.parts },
  };
}

interface Rewrite {
  /** The parts whose segments are replaced. */
  readonly parts: readonly string[];
  readonly stages: readonly Stage[];
}

/** Each bucket's base with its own deltas. */
function rewriteBuckets(
  { engine }: PlanningContext,
  { manifest, schema }: OpenTable,
  run: string,
  parts: readonly string[],
): Rewrite {
  const stages = parts.map((part) => {
    const own = manifest.segments.filter((segment) => segment.part === part);
    const base = segmentRows(engine, schema, manifest, own.filter(isBase));
    const deltas = segmentRows(engine, schema, manifest, own.filter(isDelta));
    const rows = majorBaseRows(engine.dialect, schema, base, deltas);
    return baseStage(schema, run, rows, { parts: [{ part }] });
  });
  return { parts, stages };
}

/** Every part that holds or gets a key of the deltas, with all deltas: a key that has moved leaves its old part. And `parts`. */
async function rewriteTouched(
  { engine }: PlanningContext,
  { manifest, schema }: OpenTable,
  run: string,
  asked: {
    readonly partitioning: NonNullable<ReturnType<typeof valuePartitioning>>;
    readonly parts: readonly string[];
  },
): Promise<Rewrite> {
  const deltas = segmentRows(engine, schema, manifest, manifest.segments.filter(isDelta));
  const base = manifest.segments.filter(isBase);
  const touched = await touchedCut(engine, asked.partitioning, {
    base: engine.segments(schema, base),
    deltas,
    also: asked.parts.filter((part) => part !== ALL_KEYS),
  });
  const labels = touched.parts.map(({ part }) => part);
  const replaced = segmentRows(
    engine,
    schema,
    manifest,
    base.filter((segment) => labels.includes(segment.part)),
  );
  const rows = majorBaseRows(engine.dialect, schema, replaced, deltas);
  return { parts: [...labels, ALL_KEYS], stages: [baseStage(schema, run, rows, touched)] };
}

function baseStage(schema: Schema, run: string, rows: string, cut: Stage["cut"]): Stage {
  return { run, kind: "base", rows, sortBy: sortColumns(schema), cut };
}

function isBase(segment: Segment): boolean {
  return segment.kind === "base";
}

function isDelta(segment: Segment): boolean {
  return segment.kind === "delta";
}
