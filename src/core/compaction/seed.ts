/** A snapshot's way into the lake: staged items become base segments and are committed. */
import { DynalakeError } from "../error.ts";
import { FLOOR_MARGIN_SECONDS, type Manifest, type Segment } from "../format/manifest.ts";
import { recoverableColumns } from "../format/recovery.ts";
import { baseCut, valuePartitioning } from "../overlay/table-parts.ts";
import { bucketsFor } from "../schema/partitioning.ts";
import { sortColumns } from "../sql/columns.ts";
import { repeatedKeys, snapshotBaseRows } from "../sql/compaction.ts";
import { latestManifest } from "../table/lake-table.ts";
import { commitRun, type PlannedRun, type RunContext, removeRun, stageRun } from "./planned-run.ts";

export interface SeedContext extends RunContext {
  readonly run: string;
  /** A relation with the wire columns of items. */
  readonly staged: string;
  readonly items: number;
  readonly exportTimeSeconds: number;
  /** The items are those of a moment not before this one. */
  readonly cutSeconds: number;
  readonly deliveryDelaySeconds: number;
  readonly snapshotsKept: number;
  /** Default: the table's schema can only get more columns. */
  readonly replacesSchema?: boolean;
}

/** Writes the base segments and commits them. Throws EXPORT_INVALID, and CONFLICT where the lake has a later snapshot. */
export async function seed(context: SeedContext): Promise<Manifest> {
  const planned = await planSeedRun(context);
  const staged = await stageRun(context, planned);
  return commitSeedRun(context, planned, staged);
}

/** The run that writes the base from staged items. */
export async function planSeedRun(context: SeedContext): Promise<PlannedRun> {
  const { store, engine, schema, run, items, exportTimeSeconds, cutSeconds } = context;
  const buckets = schema.partitioning?.kind === "bucket" ? schema.partitioning.count : bucketsFor(items);
  const floorSeconds = Math.max(0, exportTimeSeconds - FLOOR_MARGIN_SECONDS);
  const manifest = await latestManifest(store, schema.table);
  const recoverable = recoverableColumns(manifest);
  const rows = snapshotBaseRows(engine.dialect, schema, context.staged, floorSeconds, recoverable);
  const cut = await baseCut(engine, schema, rows, buckets);
  const { deliveryDelaySeconds, snapshotsKept } = context;
  return {
    run,
    fromSequence: manifest.sequence,
    stages: [{ run, kind: "base", rows, sortBy: sortColumns(schema), cut }],
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

/** Checks and commits what was staged. */
export async function commitSeedRun(
  context: RunContext,
  planned: PlannedRun,
  staged: readonly Segment[],
): Promise<Manifest> {
  try {
    requireAllItems(planned, staged);
    await requireDistinctKeys(context, staged);
  } catch (error) {
    // If the engine could not be reached, the staged rows are not at fault: the next try finds them.
    if (!isUnanswered(error)) await removeRun(context, planned);
    throw error;
  }
  return commitRun(context, planned, staged);
}

function isUnanswered(error: unknown): boolean {
  return error instanceof DynalakeError && (error.code === "THROTTLED" || error.code === "UNREACHABLE");
}

/** What was read is what was written: an engine that lost a row has not made a snapshot. */
function requireAllItems(planned: PlannedRun, staged: readonly Segment[]): void {
  const rows = staged.reduce((sum, segment) => sum + segment.rows, 0);
  if (planned.change.kind !== "snapshot" || planned.change.items === rows) return;
  throw new DynalakeError(
    "ENGINE_FAILED",
    `of ${planned.change.items} items ${rows} were written: nothing was committed`,
  );
}

/** An export holds an item once. Keys of different buckets differ, so that buckets can be checked one after the other. */
async function requireDistinctKeys(context: RunContext, staged: readonly Segment[]): Promise<void> {
  const { engine, schema } = context;
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
