/** Compactions, from the plan to the commit: plan -> stage -> commit -> clean. */

import { DynalakeError } from "../error.ts";
import { type ChangeObject, type Hour, hourOf } from "../format/lake-path.ts";
import { deltaSegments, type Manifest, type Segment } from "../format/manifest.ts";
import {
  changesSince,
  listChangeObjects,
  searchedSinceSeconds,
  straddling,
  unfolded,
} from "../overlay/change-log.ts";
import { segmentRows } from "../overlay/segment-rows.ts";
import { ALL_KEYS, deltaCut, touchedCut, valuePartitioning } from "../overlay/table-parts.ts";
import type { ChangeSelection, Stage } from "../ports/query-engine.ts";
import type { Schema } from "../schema/schema.ts";
import { schemaChange, schemaOf } from "../schema/schema-change.ts";
import { sortColumns } from "../sql/columns.ts";
import { majorBaseRows, minorDeltaRows, newestChangeStatement, oldestLateChange } from "../sql/compaction.ts";
import { latestManifest } from "../table/lake-table.ts";
import { type CompactionPolicy, type MinorPlan, planMajor, planMinor } from "./compaction-plan.ts";
import { commitRun, type PlannedRun, type RunContext, stageRun } from "./planned-run.ts";

export interface CompactionContext extends RunContext {
  readonly policy: CompactionPolicy;
  /** Makes the name of a run: unique, of letters, digits, _ and -. */
  readonly newRun: () => string;
}

export interface CompactionResult {
  readonly kind: "minor" | "major";
  readonly run: string;
  readonly rows: number;
  readonly segments: number;
  readonly manifest: Manifest;
}

/** Folds the change log into a delta. Undefined where there was nothing to fold. Throws CONFLICT where another came first. */
export async function compactMinor(context: CompactionContext): Promise<CompactionResult | undefined> {
  const current = await withCurrentSchema(context);
  const planned = await planMinorRun(current);
  return planned && compact(current, "minor", planned);
}

/** Rewrites parts of the base with their deltas. Undefined where no part asks for it. Throws CONFLICT where another came first. */
export async function compactMajor(
  context: CompactionContext,
  scope: "grown" | "all",
): Promise<CompactionResult | undefined> {
  const current = await withCurrentSchema(context);
  const planned = await planMajorRun(current, scope);
  return planned && compact(current, "major", planned);
}

/** A scheduled compaction may have begun before the schema was changed. */
async function withCurrentSchema(context: CompactionContext): Promise<CompactionContext> {
  const manifest = await latestManifest(context.store, context.schema.table);
  return { ...context, schema: schemaOf(manifest.schema, context.schema) };
}

/** New segments are taken for whole: they have all columns of the manifest's schema. */
function requireSchemaOf(manifest: Manifest, schema: Schema): void {
  const change = schemaChange(schemaOf(manifest.schema, schema), schema);
  if (change.kind === "same" || (change.kind === "compatible" && change.added.length === 0)) return;
  throw new DynalakeError("CONFLICT", `the schema of "${schema.table}" was changed`);
}

async function compact(
  context: CompactionContext,
  kind: CompactionResult["kind"],
  planned: PlannedRun,
): Promise<CompactionResult> {
  const staged = await stageRun(context, planned);
  const manifest = await commitRun(context, planned, staged);
  const rows = staged.reduce((sum, segment) => sum + segment.rows, 0);
  return { kind, run: planned.run, rows, segments: staged.length, manifest };
}

/** The run that folds the change log into a delta, or undefined where nothing would change. Throws CONFLICT by an older schema. */
export async function planMinorRun(context: CompactionContext): Promise<PlannedRun | undefined> {
  const { store, engine, schema, policy } = context;
  const nowSeconds = context.nowSeconds();
  const manifest = await latestManifest(store, schema.table);
  requireSchemaOf(manifest, schema);
  const sinceHour = hourOf(searchedSinceSeconds(manifest, nowSeconds, policy.deliveryDelaySeconds));
  const objects = await listChangeObjects(store, schema.table, sinceHour);
  const oldestLateSeconds = await oldestLate(context, manifest, { objects, sinceHour });
  const window = await changesSince(store, schema.table, manifest.horizonSeconds - manifest.skewSeconds);
  const outside = await outsideWindow(context, manifest, {
    objects,
    sinceHour,
    beforeHour: window.sinceHour,
  });
  const newestChangeSeconds = later(await newestChange(context, window), outside?.newestChangeSeconds);
  const situation = { manifest, objects, outside, oldestLateSeconds, newestChangeSeconds, nowSeconds };
  const plan = planMinor(situation, policy);
  if (plan === undefined) return undefined;
  const run = context.newRun();
  const stage: Stage = {
    run,
    kind: "delta",
    rows: await minorRows(context, manifest, plan, { sinceHour, window, outside: outside?.selection }),
    sortBy: sortColumns(schema),
    cut: deltaCut(engine, schema, manifest),
  };
  const { horizonSeconds, takesDeltas, folded, foldedSinceSeconds } = plan;
  const change = { kind: "minor", horizonSeconds, takesDeltas, folded, foldedSinceSeconds } as const;
  return { run, fromSequence: manifest.sequence, stages: [stage], change };
}

/** The run that rewrites parts of the base, or undefined where no part asks for it. Throws CONFLICT by an older schema. */
export async function planMajorRun(
  context: CompactionContext,
  scope: "grown" | "all",
): Promise<PlannedRun | undefined> {
  const { store, schema, policy } = context;
  const manifest = await latestManifest(store, schema.table);
  requireSchemaOf(manifest, schema);
  const parts = planMajor(manifest, policy, scope);
  if (parts.length === 0) return undefined;
  const run = context.newRun();
  const partitioning = valuePartitioning(schema);
  const rewrite =
    partitioning === undefined
      ? rewriteBuckets(context, manifest, run, parts)
      : await rewriteTouched(context, manifest, run, { partitioning, parts });
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
  context: CompactionContext,
  manifest: Manifest,
  run: string,
  parts: readonly string[],
): Rewrite {
  const { engine, schema } = context;
  const stages = parts.map((part) => {
    const own = manifest.segments.filter((segment) => segment.part === part);
    const base = segmentRows(engine, schema, manifest, own.filter(isBase));
    const deltas = segmentRows(engine, schema, manifest, own.filter(isDelta));
    const rows = majorBaseRows(engine.dialect, schema, base, deltas);
    return baseStage(context, run, rows, { parts: [{ part }] });
  });
  return { parts, stages };
}

/** Every part that holds or gets a key of the deltas, with all deltas: a key that has moved leaves its old part. And `parts`. */
async function rewriteTouched(
  context: CompactionContext,
  manifest: Manifest,
  run: string,
  asked: {
    readonly partitioning: NonNullable<ReturnType<typeof valuePartitioning>>;
    readonly parts: readonly string[];
  },
): Promise<Rewrite> {
  const { engine, schema } = context;
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
  return { parts: [...labels, ALL_KEYS], stages: [baseStage(context, run, rows, touched)] };
}

function baseStage(context: CompactionContext, run: string, rows: string, cut: Stage["cut"]): Stage {
  return { run, kind: "base", rows, sortBy: sortColumns(context.schema), cut };
}

function isBase(segment: Segment): boolean {
  return segment.kind === "base";
}

function isDelta(segment: Segment): boolean {
  return segment.kind === "delta";
}

async function oldestLate(
  context: CompactionContext,
  manifest: Manifest,
  searched: ChangeSelection,
): Promise<number | undefined> {
  const { engine, schema } = context;
  const newObjects = unfolded(manifest, searched.objects);
  if (newObjects.length === 0 || manifest.horizonSeconds === 0) return undefined;
  const selection = { ...searched, objects: newObjects };
  const [row] = await engine.rows(oldestLateChange(manifest, engine.changes(schema, selection)));
  return row?.oldest === null || row?.oldest === undefined ? undefined : Number(row.oldest);
}

/** Objects that were not folded and lie before the partitions of the window, with the newest change in them. */
interface Outside {
  readonly selection: ChangeSelection;
  readonly objects: readonly ChangeObject[];
  readonly newestChangeSeconds: number;
}

/** Undefined where none of them holds a change that counts. */
async function outsideWindow(
  context: CompactionContext,
  manifest: Manifest,
  searched: Required<ChangeSelection>,
): Promise<Outside | undefined> {
  const sinceSeconds = manifest.floorSeconds - manifest.skewSeconds;
  const objects = straddling(unfolded(manifest, searched.objects), searched.beforeHour, sinceSeconds);
  if (objects.length === 0) return undefined;
  const selection = { ...searched, objects };
  const newestChangeSeconds = await newestChange(context, selection);
  if (newestChangeSeconds === undefined || newestChangeSeconds < sinceSeconds) return undefined;
  return { selection, objects, newestChangeSeconds };
}

function later(one: number | undefined, other: number | undefined): number | undefined {
  return one === undefined || other === undefined ? (one ?? other) : Math.max(one, other);
}

/** The newest change of a selection: told by the objects' names, or else by what is in them. */
async function newestChange(
  { engine, schema }: CompactionContext,
  selection: ChangeSelection,
): Promise<number | undefined> {
  const told = selection.objects.map((object) => object.newestChangeSeconds);
  if (!told.includes(undefined)) return told.reduce(later, undefined);
  const [row] = await engine.rows(newestChangeStatement(engine.changes(schema, selection)));
  return row?.newest === null || row?.newest === undefined ? undefined : Number(row.newest);
}

interface MinorReading {
  /** The first hour that is searched for objects. */
  readonly sinceHour: Hour;
  readonly window: ChangeSelection;
  readonly outside: ChangeSelection | undefined;
}

async function minorRows(
  context: CompactionContext,
  manifest: Manifest,
  plan: MinorPlan,
  reading: MinorReading,
): Promise<string> {
  const { engine, schema } = context;
  return minorDeltaRows(engine.dialect, schema, {
    manifest,
    horizonSeconds: plan.horizonSeconds,
    changes: changesOf(context, reading.window, reading.outside),
    ...(await lateInputs(context, manifest, plan, reading)),
    ...(plan.takesDeltas ? { deltas: segmentRows(engine, schema, manifest, deltaSegments(manifest)) } : {}),
  });
}

/** A selection, and what lies outside of its partitions. A change that is read twice counts once. */
function changesOf(
  { engine, schema }: CompactionContext,
  selection: ChangeSelection,
  outside: ChangeSelection | undefined,
): string {
  const changes = engine.changes(schema, selection);
  if (outside === undefined) return changes;
  return `(SELECT * FROM ${changes} UNION ALL SELECT * FROM ${engine.changes(schema, outside)})`;
}

async function lateInputs(
  context: CompactionContext,
  manifest: Manifest,
  plan: MinorPlan,
  { sinceHour, outside }: MinorReading,
): Promise<Pick<Parameters<typeof minorDeltaRows>[2], "late">> {
  const { store, engine, schema, policy } = context;
  if (plan.oldestLateSeconds === undefined) return {};
  // Newer changes of a late key may lie in the base alone, and in an object that was held up: it is read again.
  const sinceSeconds = plan.oldestLateSeconds - manifest.skewSeconds;
  const pool = await changesSince(store, schema.table, sinceSeconds, policy.deliveryDelaySeconds);
  const newObjects = { objects: plan.newObjects, sinceHour };
  return {
    late: {
      newObjects: engine.changes(schema, newObjects),
      changes: changesOf(context, pool, outside),
      oldestSeconds: plan.oldestLateSeconds,
    },
  };
}
