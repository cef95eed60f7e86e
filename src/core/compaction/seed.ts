/** A snapshot's way into the lake: staged items become base segments and are committed. */
import { DynalakeError } from "../error.ts";
import { FLOOR_MARGIN_SECONDS, type Manifest, type Segment } from "../format/manifest.ts";
import { recoverableColumns } from "../format/recovery.ts";
import type { SnapshotsKept } from "../format/snapshots-kept.ts";
import { valuePartitioning } from "../overlay/table-parts.ts";
import type { QueryEngine } from "../ports/query-engine.ts";
import { bucketsFor } from "../schema/partitioning.ts";
import type { StagedBy } from "../sql/column-value.ts";
import { repeatedKeys, snapshotBaseRows, snapshotConstants } from "../sql/compaction.ts";
import { sortColumns } from "../sql/typed-columns.ts";
import { readCommits } from "../table/commits.ts";
import { commitPlan } from "./commit-plan.ts";
import type { Plan } from "./plan.ts";
import type { CommitContext } from "./plan-context.ts";
import { removeStaged } from "./remove-staged.ts";
import { type StagedSplits, seedStages } from "./seed-stages.ts";
import { stagePlan } from "./stage-plan.ts";

export interface SeedContext extends Omit<SeedCommitContext, "commits"> {
  /** The run id. */
  readonly run: string;
  /** A relation with the wire columns of items. */
  readonly staged: string;
  /** By whom. Default: by one. Of several, `staged` has the columns of before, too. */
  readonly stagedBy?: StagedBy;
  /** The same rows in splits. Default: they are one. */
  readonly splits?: StagedSplits;
  readonly items: number;
  readonly exportTimeSeconds: number;
  /** The items are those of a moment not before this one. */
  readonly cutSeconds: number;
  readonly deliveryDelaySeconds: number;
  /** What people ask to be kept from now on; undefined: what they asked for before. */
  readonly snapshotsKept?: SnapshotsKept | undefined;
  /** Default: the table's schema can only get more columns. */
  readonly replacesSchema?: boolean;
}

/** Writes the base segments and commits them. Throws EXPORT_INVALID, and CONFLICT if the lake has a later snapshot. */
export async function seed(context: SeedContext): Promise<Manifest> {
  const commits = await readCommits(context.store, context.schema.table);
  const plan = await planSeed(context, commits.manifest);
  const staged = await stagePlan(context, plan);
  return commitSeed({ ...context, commits }, plan, staged);
}

/** The plan that writes the base from staged items. */
export async function planSeed(context: Omit<SeedContext, "store">, newest: Manifest): Promise<Plan> {
  const { engine, schema, run, items, exportTimeSeconds, cutSeconds } = context;
  const buckets = schema.partitioning?.kind === "bucket" ? schema.partitioning.count : bucketsFor(items);
  const floorSeconds = Math.max(0, exportTimeSeconds - FLOOR_MARGIN_SECONDS); // breakage: floor-has-margin
  const recoverable = recoverableColumns(newest);
  const sortBy = sortColumns(schema);
  const constants = snapshotConstants(engine.dialect, floorSeconds);
  const stages = await seedStages({
    engine,
    schema,
    buckets,
    splits: context.splits ?? { count: 1, relation: () => context.staged },
    baseRows: (staged) =>
      snapshotBaseRows(engine.dialect, schema, staged, floorSeconds, recoverable, context.stagedBy),
  });
  const { deliveryDelaySeconds, snapshotsKept } = context;
  return {
    run,
    fromSequence: newest.sequence,
    stages: stages.map((stage) => ({ run, kind: "base", sortBy, constants, ...stage })),
    change: {
      kind: "snapshot",
      exportTimeSeconds,
      cutSeconds,
      floorSeconds,
      items,
      buckets,
      deliveryDelaySeconds,
      snapshotsKept,
      schema: schema.file,
      replacesSchema: context.replacesSchema ?? false,
    },
  };
}

export interface SeedCommitContext extends CommitContext {
  readonly engine: QueryEngine;
}

/** Checks and commits what was staged. */
export async function commitSeed(
  context: SeedCommitContext,
  plan: Plan,
  staged: readonly Segment[],
): Promise<Manifest> {
  try {
    requireAllItems(plan, staged); // breakage: all-items-staged
    await requireDistinctKeys(context, staged); // breakage: staged-keys-distinct
  } catch (error) {
    // If the engine could not be asked, what was staged is not at fault: another try finds it.
    if (!isUnanswered(error)) await removeStaged(context, plan);
    throw error;
  }
  return commitPlan(context, plan, staged);
}

function isUnanswered(error: unknown): boolean {
  return error instanceof DynalakeError && (error.code === "THROTTLED" || error.code === "UNREACHABLE");
}

/** What was read is what was written: an engine that lost a row has not made a snapshot. */
function requireAllItems({ change }: Plan, staged: readonly Segment[]): void {
  const rows = staged.reduce((sum, segment) => sum + segment.rows, 0);
  if (change.kind !== "snapshot" || change.items === rows) return;
  throw new DynalakeError(
    "ENGINE_FAILED",
    `of ${change.items} items ${rows} were written: nothing was committed`,
  );
}

/** An export holds an item once. Keys of different buckets differ, so that buckets can be checked one after the other. */
async function requireDistinctKeys(
  { engine, schema }: Pick<SeedCommitContext, "engine" | "schema">,
  staged: readonly Segment[],
): Promise<void> {
  const together = valuePartitioning(schema) !== undefined;
  for (const segments of together ? [staged] : groupsOf(staged, engine.keysAtOnceMax)) {
    const [row] = await engine.rows(repeatedKeys(engine.segments(schema, segments)));
    if (Number(row?.repeated) === 0) continue;
    throw new DynalakeError(
      "EXPORT_INVALID",
      `the export holds ${row?.repeated} items twice: their keys repeat`,
      {
        next: "Check --key: HASH,RANGE where the table has a sort key. Otherwise export the table again.",
      },
    );
  }
}

/** Neighbours together, as long as they have no more rows than that. */
function groupsOf(staged: readonly Segment[], rowsMax: number): readonly (readonly Segment[])[] {
  const groups: Segment[][] = [];
  let rows = 0;
  for (const segment of staged) {
    const group = groups.at(-1);
    if (group !== undefined && rows + segment.rows <= rowsMax) {
      group.push(segment);
      rows += segment.rows;
    } else {
      groups.push([segment]);
      rows = segment.rows;
    }
  }
  return groups;
}
