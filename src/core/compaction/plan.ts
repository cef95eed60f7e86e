/**
 * A compaction or a snapshot between its plan and its commit. It is plain data: on one machine it is staged and committed at
 * once, elsewhere it waits in the store while an engine stages it.
 */
import { z } from "zod";
import { DynalakeError } from "../error.ts";
import { changesFolder, hourOf, segmentOfPath, segmentsFolder } from "../format/lake-path.ts";
import { LAKE_FORMAT, type Manifest, momentFile, type Segment, segmentName } from "../format/manifest.ts";
import { namedSegments } from "../format/named-segments.ts";
import { listChangeObjects } from "../overlay/change-log.ts";
import type { ObjectStore } from "../ports/object-store.ts";
import type { QueryEngine, Stage } from "../ports/query-engine.ts";
import { BUCKETS_MAX } from "../schema/partitioning.ts";
import type { Schema, SchemaFile } from "../schema/schema.ts";
import { schemaOf } from "../schema/schema-change.ts";
import {
  commitManifest,
  latestManifest,
  manifestNumbered,
  manifestSequences,
  readManifest,
  readWrittenSchema,
} from "../table/lake-table.ts";
import {
  afterMajor,
  afterMinor,
  afterSnapshot,
  type Commit,
  type MinorPlan,
  type SnapshotFacts,
} from "./compaction-plan.ts";
import { rowsFault } from "./row-balance.ts";
import { changeSchema } from "./schema-commit.ts";
import { type SnapshotSchema, schemaAfterSnapshot } from "./snapshot-schema.ts";

export interface RunContext {
  readonly store: ObjectStore;
  readonly engine: QueryEngine;
  readonly schema: Schema;
  readonly nowSeconds: () => number;
}

export interface PlannedRun {
  readonly run: string;
  /** The number of the manifest that it was planned from; a commit after that one makes a compaction a conflict. */
  readonly fromSequence: number;
  readonly stages: readonly Stage[];
  readonly change: PlannedChange;
}

/** What the commit changes, beside the segments. */
export type PlannedChange = PlannedMinor | PlannedMajor | PlannedSnapshot | PlannedSchema;

export interface PlannedMinor
  extends Pick<MinorPlan, "horizonSeconds" | "takesDeltas" | "folded" | "foldedSinceSeconds"> {
  readonly kind: "minor";
}

export interface PlannedMajor {
  readonly kind: "major";
  /** The parts whose segments are replaced. */
  readonly parts: readonly string[];
}

export interface PlannedSnapshot extends Omit<SnapshotFacts, "recovery" | "objects"> {
  readonly kind: "snapshot";
  /** Its schema replaces the table's where the change log is empty, even if it has other columns. */
  readonly replacesSchema: boolean;
}

/** Columns are added; nothing is staged. */
export interface PlannedSchema {
  readonly kind: "schema";
  readonly schema: SchemaFile;
}

const seconds = momentFile.int();

/** Checked by `parseSchema` when it is used. */
const schemaFile = z.custom<SchemaFile>((value) => typeof value === "object" && value !== null);

const plannedChange = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("minor"),
    horizonSeconds: seconds,
    takesDeltas: z.boolean(),
    folded: z.array(z.string()),
    foldedSinceSeconds: seconds,
  }),
  z.object({ kind: z.literal("major"), parts: z.array(z.string()) }),
  z.object({
    kind: z.literal("snapshot"),
    exportTimeSeconds: seconds,
    cutSeconds: seconds,
    floorSeconds: seconds,
    items: z.number().int().min(0),
    buckets: z.number().int().min(1).max(BUCKETS_MAX),
    deliveryDelaySeconds: seconds,
    snapshotsKept: z.number().int().min(1),
    schema: schemaFile,
    replacesSchema: z.boolean(),
  }),
  z.object({ kind: z.literal("schema"), schema: schemaFile }),
]);

const plannedRun = z.object({
  format: z.literal(LAKE_FORMAT),
  run: segmentName,
  fromSequence: z.number().int().min(0),
  stages: z.array(
    z.object({
      run: segmentName,
      kind: z.enum(["base", "delta"]),
      rows: z.string(),
      sortBy: z.array(z.string()),
      cut: z.object({
        parts: z.array(z.object({ part: segmentName, where: z.string().optional() })),
        partOf: z.string().optional(),
      }),
    }),
  ),
  change: plannedChange,
});

export function plannedRunText(planned: PlannedRun): string {
  return `${JSON.stringify({ format: LAKE_FORMAT, ...planned })}\n`;
}

/** Reads the text of a planned run; throws LAKE_DAMAGED, naming `path`. */
export function parsePlannedRun(text: string, path: string): PlannedRun {
  try {
    return plannedRun.parse(JSON.parse(text));
  } catch (cause) {
    throw new DynalakeError("LAKE_DAMAGED", `${path} does not tell a planned run`, { cause });
  }
}

/** Stages all of it, and removes what was staged where that fails: nothing can have named it yet. */
export async function stageRun(context: RunContext, planned: PlannedRun): Promise<readonly Segment[]> {
  const staged: Segment[] = [];
  try {
    for (const stage of planned.stages) {
      staged.push(...(await context.engine.stage({ ...stage, schema: context.schema })));
    }
    return staged;
  } catch (error) {
    await removeRun(context, planned);
    throw error;
  }
}

/**
 * Commits, and cleans up after a conflict: only a clean failure may delete what was staged. Throws CONFLICT, also where what
 * was staged is gone, since a manifest must not name it; and ENGINE_FAILED where rows are missing or too many.
 */
export async function commitRun(
  context: RunContext,
  planned: PlannedRun,
  staged: readonly Segment[],
): Promise<Manifest> {
  await requireStaged(context, planned.run, staged);
  const next = await commitChange(context, planned, staged);
  if (!(next instanceof DynalakeError)) return next;
  await removeRun(context, planned);
  throw next;
}

/** A vacuum without grace takes a run that is under way for one that died. What is left is left to the next vacuum. */
async function requireStaged(
  { store, schema }: RunContext,
  run: string,
  staged: readonly Segment[],
): Promise<void> {
  if (staged.length === 0) return;
  const objects = await store.list(`${segmentsFolder(schema.table)}${run}/`);
  const parts = new Set(objects.map(({ path }) => segmentOfPath(path)?.part));
  if (staged.every(({ part }) => parts.has(part))) return;
  throw new DynalakeError(
    "CONFLICT",
    `what run ${run} of "${schema.table}" has staged was removed meanwhile`,
    {
      next: "Nothing was harmed; run the command again. Vacuum with a shorter grace only while nothing else runs.",
    },
  );
}

/** The manifest, or why there is none: nothing was changed. */
type Outcome = Manifest | DynalakeError;

function commitChange(
  context: RunContext,
  planned: PlannedRun,
  staged: readonly Segment[],
): Promise<Outcome> {
  const { change } = planned;
  switch (change.kind) {
    case "snapshot":
      return commitSnapshot(context, planned, change, staged);
    case "schema":
      return commitSchema(context, planned.run, change);
    default:
      return commitCompaction(context, planned, change, staged);
  }
}

/** A commit that came in between does no harm. */
async function commitSchema(context: RunContext, run: string, change: PlannedSchema): Promise<Manifest> {
  const { store, schema, nowSeconds } = context;
  const planned = schemaOf(change.schema, schema);
  const commit = await changeSchema({ store, nowSeconds, newRun: () => run }, planned, "the planned schema");
  return commit?.manifest ?? latestManifest(store, schema.table);
}

async function commitCompaction(
  context: RunContext,
  planned: PlannedRun,
  change: PlannedMinor | PlannedMajor,
  staged: readonly Segment[],
): Promise<Outcome> {
  const { store, schema } = context;
  const manifest = await manifestNumbered(store, schema.table, planned.fromSequence);
  const fault = rowsFault(manifest, change, staged);
  if (fault !== undefined) return new DynalakeError("ENGINE_FAILED", `${fault}: nothing was committed`);
  const next = nextManifest(manifest, change, { run: planned.run, nowSeconds: context.nowSeconds(), staged });
  if ((await commitManifest(store, schema.table, next)) === "committed") return next;
  return new DynalakeError("CONFLICT", `another commit took number ${next.sequence} of "${schema.table}"`);
}

function nextManifest(manifest: Manifest, change: PlannedMinor | PlannedMajor, commit: Commit): Manifest {
  return change.kind === "minor"
    ? afterMinor(manifest, change, commit)
    : afterMajor(manifest, change.parts, commit);
}

const SNAPSHOT_COMMIT_TRIES = 10;

/**
 * A commit that came in between does no harm, since a snapshot replaces base and deltas whatever they were; only a snapshot
 * of a later time is not replaced.
 */
async function commitSnapshot(
  context: RunContext,
  planned: PlannedRun,
  change: PlannedSnapshot,
  staged: readonly Segment[],
): Promise<Outcome> {
  const { store, schema } = context;
  for (let tries = 0; tries < SNAPSHOT_COMMIT_TRIES; tries++) {
    const manifest = await latestManifest(store, schema.table);
    // An earlier try has committed it, and its answer was lost.
    if (manifest.snapshots.some((snapshot) => snapshot.run === planned.run)) return manifest;
    if (manifest.snapshots.some((snapshot) => snapshot.exportTimeSeconds > change.exportTimeSeconds)) {
      return new DynalakeError("CONFLICT", `"${schema.table}" already has a snapshot of a later time`, {
        next: "Nothing was changed. Take a new snapshot, or use a lake of its own for the older export.",
      });
    }
    const nowSeconds = context.nowSeconds();
    const objects = await listChangeObjects(
      store,
      schema.table,
      hourOf(nowSeconds - change.deliveryDelaySeconds),
    );
    const after = schemaAfterSnapshot(manifest, await schemasOf(context, manifest, change), staged);
    if (after === undefined)
      return new DynalakeError("CONFLICT", `the schema of "${schema.table}" was changed during the snapshot`);
    const facts = { ...change, ...after, objects };
    const next = afterSnapshot(manifest, facts, { run: planned.run, nowSeconds, staged });
    if ((await commitManifest(store, schema.table, next)) === "committed") return next;
  }
  return new DynalakeError("CONFLICT", `other commits kept coming first to "${schema.table}"`);
}

async function schemasOf(
  { store, schema }: RunContext,
  manifest: Manifest,
  change: PlannedSnapshot,
): Promise<SnapshotSchema> {
  const written = schemaOf(change.schema, schema);
  const own = manifest.schema === null ? await readWrittenSchema(store, schema.table) : undefined;
  const replaces = change.replacesSchema && (await store.folders(changesFolder(schema.table))).length === 0;
  return { written, current: schemaOf(manifest.schema, own ?? written), replaces };
}

/** Removes what the run has staged, unless a commit names it: an earlier try may have made one whose answer was lost. */
export async function removeRun(
  { store, schema }: Pick<RunContext, "store" | "schema">,
  { run, fromSequence }: Pick<PlannedRun, "run" | "fromSequence">,
): Promise<void> {
  for (const sequence of await manifestSequences(store, schema.table)) {
    if (sequence <= fromSequence) continue;
    const manifest = await readManifest(store, schema.table, sequence);
    if (manifest !== undefined && namedSegments(manifest).some((segment) => segment.run === run)) return;
  }
  const objects = await store.list(`${segmentsFolder(schema.table)}${run}/`);
  await store.remove(objects.map((object) => object.path));
}
