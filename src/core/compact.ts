/** Compactions, from the plan to the commit: plan -> stage -> commit -> clean. */
import { changesSince, listChangeObjects, searchedSinceSeconds, unfolded } from "./change-log.ts";
import {
  afterMajor,
  afterMinor,
  type CompactionPolicy,
  type MinorPlan,
  planMajor,
  planMinor,
} from "./compaction-plan.ts";
import { DynalakeError } from "./error.ts";
import { type Hour, hourOf, segmentsFolder } from "./lake-path.ts";
import { commitManifest, latestManifest } from "./lake-table.ts";
import { deltaSegments, type Manifest, type Segment } from "./manifest.ts";
import type { ObjectStore } from "./ports/object-store.ts";
import type { ChangeSelection, QueryEngine, StageRequest } from "./ports/query-engine.ts";
import type { Schema } from "./schema.ts";
import { sortColumns } from "./sql/columns.ts";
import { majorBaseRows, minorDeltaRows, newestChangeStatement, oldestLateChange } from "./sql/compaction.ts";
import { ALL_KEYS, deltaParts, touchedParts, valuePartitioning } from "./table-parts.ts";

export interface CompactionContext {
  readonly store: ObjectStore;
  readonly engine: QueryEngine;
  readonly schema: Schema;
  readonly policy: CompactionPolicy;
  /** Makes the name of a run: unique, of letters, digits, _ and -. */
  readonly newRun: () => string;
  readonly nowSeconds: () => number;
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
  const { store, schema, policy } = context;
  const nowSeconds = context.nowSeconds();
  const manifest = await latestManifest(store, schema.table);
  const sinceHour = hourOf(searchedSinceSeconds(manifest, nowSeconds, policy.deliveryDelaySeconds));
  const objects = await listChangeObjects(store, schema.table, sinceHour);
  const oldestLateSeconds = await oldestLate(context, manifest, { objects, sinceHour });
  const newestChangeSeconds = await newestChange(context, manifest);
  const plan = planMinor({ manifest, objects, oldestLateSeconds, newestChangeSeconds, nowSeconds }, policy);
  if (plan === undefined) return undefined;
  const run = context.newRun();
  const staged = await stage(context, {
    schema,
    run,
    kind: "delta",
    rows: await minorRows(context, manifest, plan, sinceHour),
    sortBy: sortColumns(schema),
    parts: deltaParts(context.engine, schema, manifest),
  });
  const next = afterMinor(manifest, plan, { run, nowSeconds, staged });
  await commit(context, run, next);
  return result("minor", run, staged, next);
}

/** Rewrites parts of the base with their deltas. Undefined where no part asks for it. Throws CONFLICT where another came first. */
export async function compactMajor(
  context: CompactionContext,
  scope: "grown" | "all",
): Promise<CompactionResult | undefined> {
  const { store, schema, policy } = context;
  const nowSeconds = context.nowSeconds();
  const manifest = await latestManifest(store, schema.table);
  const parts = planMajor(manifest, policy, scope);
  if (parts.length === 0) return undefined;
  const run = context.newRun();
  const partitioning = valuePartitioning(schema);
  const rewritten =
    partitioning === undefined
      ? await rewriteBuckets(context, manifest, run, parts)
      : await rewriteTouched(context, manifest, run, partitioning);
  const next = afterMajor(manifest, rewritten.parts, { run, nowSeconds, staged: rewritten.staged });
  await commit(context, run, next);
  return result("major", run, rewritten.staged, next);
}

interface Rewritten {
  /** The parts whose segments are replaced. */
  readonly parts: readonly string[];
  readonly staged: readonly Segment[];
}

/** Each bucket's base with its own deltas. */
async function rewriteBuckets(
  context: CompactionContext,
  manifest: Manifest,
  run: string,
  parts: readonly string[],
): Promise<Rewritten> {
  const { engine, schema } = context;
  const staged: Segment[] = [];
  for (const part of parts) {
    const own = manifest.segments.filter((segment) => segment.part === part);
    const base = engine.segments(schema, own.filter(isBase));
    const deltas = engine.segments(schema, own.filter(isDelta));
    const rows = majorBaseRows(engine.dialect, schema, base, deltas);
    staged.push(...(await stageBase(context, run, rows, [{ part, where: undefined }])));
  }
  return { parts, staged };
}

/** Every part that holds or gets a key of the deltas, with all deltas: a key that has moved leaves its old part. */
async function rewriteTouched(
  context: CompactionContext,
  manifest: Manifest,
  run: string,
  partitioning: NonNullable<ReturnType<typeof valuePartitioning>>,
): Promise<Rewritten> {
  const { engine, schema } = context;
  const deltas = engine.segments(schema, manifest.segments.filter(isDelta));
  const base = manifest.segments.filter(isBase);
  const touched = await touchedParts(engine, partitioning, engine.segments(schema, base), deltas);
  const labels = touched.map(({ part }) => part);
  const replaced = engine.segments(
    schema,
    base.filter((segment) => labels.includes(segment.part)),
  );
  const rows = majorBaseRows(engine.dialect, schema, replaced, deltas);
  return { parts: [...labels, ALL_KEYS], staged: await stageBase(context, run, rows, touched) };
}

function stageBase(
  context: CompactionContext,
  run: string,
  rows: string,
  parts: StageRequest["parts"],
): Promise<readonly Segment[]> {
  const { schema } = context;
  return stage(context, { schema, run, kind: "base", rows, sortBy: sortColumns(schema), parts });
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

/** The newest change at or after the horizon: told by the objects' names, or else by what is in them. */
async function newestChange(context: CompactionContext, manifest: Manifest): Promise<number | undefined> {
  const { store, engine, schema } = context;
  const window = await changesSince(store, schema.table, manifest.horizonSeconds);
  const told = window.objects.map((object) => object.newestChangeSeconds);
  if (!told.includes(undefined)) {
    return told.reduce((newest, seconds) => Math.max(newest ?? 0, seconds ?? 0), undefined);
  }
  const [row] = await engine.rows(newestChangeStatement(engine.changes(schema, window)));
  return row?.newest === null || row?.newest === undefined ? undefined : Number(row.newest);
}

async function minorRows(
  context: CompactionContext,
  manifest: Manifest,
  plan: MinorPlan,
  sinceHour: Hour,
): Promise<string> {
  const { store, engine, schema } = context;
  const window = await changesSince(store, schema.table, manifest.horizonSeconds - manifest.skewSeconds);
  return minorDeltaRows(engine.dialect, schema, {
    manifest,
    horizonSeconds: plan.horizonSeconds,
    changes: engine.changes(schema, window),
    ...(await lateInputs(context, manifest, plan, sinceHour)),
    ...(plan.takesDeltas ? { deltas: engine.segments(schema, deltaSegments(manifest)) } : {}),
  });
}

async function lateInputs(
  context: CompactionContext,
  manifest: Manifest,
  plan: MinorPlan,
  sinceHour: Hour,
): Promise<Pick<Parameters<typeof minorDeltaRows>[2], "late">> {
  const { store, engine, schema } = context;
  if (plan.oldestLateSeconds === undefined) return {};
  const pool = await changesSince(store, schema.table, plan.oldestLateSeconds - manifest.skewSeconds);
  const newObjects = { objects: plan.newObjects, sinceHour };
  return {
    late: {
      newObjects: engine.changes(schema, newObjects),
      changes: engine.changes(schema, pool),
      oldestSeconds: plan.oldestLateSeconds,
    },
  };
}

/** Stages, and removes what was staged where it fails: nothing can have named it yet. */
async function stage(context: CompactionContext, request: StageRequest): Promise<readonly Segment[]> {
  try {
    return await context.engine.stage(request);
  } catch (error) {
    await removeRun(context, request.run);
    throw error;
  }
}

/** Commits, and cleans up after a conflict: only a clean failure may delete what was staged. */
async function commit(context: CompactionContext, run: string, next: Manifest): Promise<void> {
  const outcome = await commitManifest(context.store, context.schema.table, next);
  if (outcome === "committed") return;
  await removeRun(context, run);
  throw new DynalakeError(
    "CONFLICT",
    `another commit took number ${next.sequence} of "${context.schema.table}"`,
  );
}

async function removeRun(context: Pick<CompactionContext, "store" | "schema">, run: string): Promise<void> {
  const objects = await context.store.list(`${segmentsFolder(context.schema.table)}${run}/`);
  await context.store.remove(objects.map((object) => object.path));
}

function result(
  kind: CompactionResult["kind"],
  run: string,
  staged: readonly Segment[],
  manifest: Manifest,
): CompactionResult {
  return {
    kind,
    run,
    rows: staged.reduce((rows, segment) => rows + segment.rows, 0),
    segments: staged.length,
    manifest,
  };
}
