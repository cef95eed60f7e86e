/** The end of a snapshot: staged items become base segments and are committed. */
import { listChangeObjects } from "./change-log.ts";
import { afterSnapshot } from "./compaction-plan.ts";
import { DynalakeError } from "./error.ts";
import { hourOf, segmentsFolder } from "./lake-path.ts";
import { commitManifest, latestManifest } from "./lake-table.ts";
import { FLOOR_MARGIN_SECONDS, type Manifest, type Segment } from "./manifest.ts";
import { bucketsFor } from "./partitioning.ts";
import type { ObjectStore } from "./ports/object-store.ts";
import type { QueryEngine } from "./ports/query-engine.ts";
import type { Schema } from "./schema.ts";
import { sortColumns } from "./sql/columns.ts";
import { repeatedKeys, snapshotBaseRows } from "./sql/compaction.ts";
import { baseParts, valuePartitioning } from "./table-parts.ts";

export interface SeedRequest {
  readonly store: ObjectStore;
  readonly engine: QueryEngine;
  readonly schema: Schema;
  readonly run: string;
  /** A relation with the wire columns of items. */
  readonly staged: string;
  readonly items: number;
  readonly exportTimeSeconds: number;
  /** The items are those of a moment not before this one. */
  readonly cutSeconds: number;
  readonly deliveryDelaySeconds: number;
  readonly snapshotsKept: number;
  readonly nowSeconds: () => number;
}

const COMMIT_TRIES = 10;

/**
 * Writes the base segments and commits them. A commit that came in between does no harm, since a snapshot replaces base
 * and deltas whatever they were; only a snapshot of a later time is not replaced (CONFLICT).
 */
export async function seed(request: SeedRequest): Promise<Manifest> {
  const { engine, schema, run } = request;
  const buckets =
    schema.partitioning?.kind === "bucket" ? schema.partitioning.count : bucketsFor(request.items);
  const floorSeconds = Math.max(0, request.exportTimeSeconds - FLOOR_MARGIN_SECONDS);
  let staged: readonly Segment[];
  try {
    const rows = snapshotBaseRows(engine.dialect, schema, request.staged, floorSeconds);
    const parts = await baseParts(engine, schema, rows, buckets);
    staged = await engine.stage({ schema, run, kind: "base", rows, sortBy: sortColumns(schema), parts });
    await requireDistinctKeys(request, staged);
  } catch (error) {
    await removeStaged(request);
    throw error;
  }
  return commitSnapshot(request, { buckets, floorSeconds, staged });
}

/** An export holds an item once. Keys of different buckets differ, so that each bucket can be checked alone. */
async function requireDistinctKeys(request: SeedRequest, staged: readonly Segment[]): Promise<void> {
  const { engine, schema } = request;
  const groups = valuePartitioning(schema) === undefined ? staged.map((segment) => [segment]) : [staged];
  for (const segments of groups) {
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

async function commitSnapshot(
  request: SeedRequest,
  made: { readonly buckets: number; readonly floorSeconds: number; readonly staged: Manifest["segments"] },
): Promise<Manifest> {
  const { store, schema, run, exportTimeSeconds, cutSeconds, items, deliveryDelaySeconds, snapshotsKept } =
    request;
  for (let tries = 0; tries < COMMIT_TRIES; tries++) {
    const manifest = await latestManifest(store, schema.table);
    if (manifest.snapshots.some((snapshot) => snapshot.exportTimeSeconds > exportTimeSeconds)) {
      await removeStaged(request);
      throw new DynalakeError("CONFLICT", `"${schema.table}" already has a snapshot of a later time`, {
        next: "Nothing was changed. Take a new snapshot, or use a lake of its own for the older export.",
      });
    }
    const nowSeconds = request.nowSeconds();
    const objects = await listChangeObjects(store, schema.table, hourOf(nowSeconds - deliveryDelaySeconds));
    const { buckets, floorSeconds } = made;
    const facts = {
      exportTimeSeconds,
      cutSeconds,
      floorSeconds,
      items,
      buckets,
      schema: schema.file,
      objects,
      deliveryDelaySeconds,
      snapshotsKept,
    };
    const next = afterSnapshot(manifest, facts, { run, nowSeconds, staged: made.staged });
    if ((await commitManifest(store, schema.table, next)) === "committed") return next;
  }
  await removeStaged(request);
  throw new DynalakeError("CONFLICT", `other commits kept coming first to "${schema.table}"`);
}

async function removeStaged(request: SeedRequest): Promise<void> {
  const objects = await request.store.list(`${segmentsFolder(request.schema.table)}${request.run}/`);
  await request.store.remove(objects.map((object) => object.path));
}
