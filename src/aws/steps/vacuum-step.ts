/**
 * The vacuum of a deployed table, as far as the function's time goes. What it had no time for is left to the next tick, and what it
 * has removed stays removed: it can die anywhere.
 */
import { DEFAULT_RETENTION, type VacuumResult, vacuum } from "../../core/compaction/vacuum.ts";
import { exportFolder, exportsPrefix } from "../../core/format/deployment-path.ts";
import {
  endVacuum,
  isToGoOn,
  readNamedFiles,
  readUnfinishedVacuum,
  saveNamedFiles,
  saveUnfinishedVacuum,
  type UnfinishedVacuum,
} from "../../core/table/unfinished-vacuum.ts";
import { removeEmptyPartitions } from "../segments-table.ts";
import { type RemovalInTime, removeInTime } from "./remove-in-time.ts";
import type { LakeContext } from "./step-context.ts";

export type VacuumContext = Pick<LakeContext, "engine" | "nowSeconds"> & RemovalInTime;

export interface VacuumRequest {
  readonly table: string;
  /** The table's source. */
  readonly source: string;
  readonly retentionHours: number;
}

export interface VacuumedInTime extends VacuumResult {
  /** Partitions of segments that are gone. */
  readonly partitions: number;
  /** There was no time for the rest: the next tick goes on with it. */
  readonly isLeft?: true;
}

export async function vacuumStep(
  context: VacuumContext,
  { retentionHours, source, table }: VacuumRequest,
): Promise<VacuumedInTime> {
  const { isOver, store } = context;
  const before = await readUnfinishedVacuum(store, table);
  const passes = 1 + (isToGoOn(before) ? (before?.passes ?? 0) : 0);
  const sinceSeconds = before?.sinceSeconds ?? context.nowSeconds(); // breakage: vacuum-begins-once
  // One that dies has had its turn, too.
  if (before !== undefined) await saveUnfinishedVacuum(store, table, { ...before, passes }); // breakage: vacuum-passes-are-counted
  const leave = async (
    removed: VacuumedInTime,
    left: Pick<UnfinishedVacuum, "filesAfter" | "partitionsFrom">,
  ): Promise<VacuumedInTime> => {
    await saveUnfinishedVacuum(store, table, { sinceSeconds, passes, ...left });
    return { ...removed, isLeft: true };
  };
  let removed: VacuumedInTime = { manifests: 0, files: 0, bytes: 0, partitions: 0 };
  if (before?.partitionsFrom === undefined) {
    const policy = { ...DEFAULT_RETENTION, retentionSeconds: retentionHours * 3600 };
    const named = before && (await readNamedFiles(store, table)); // breakage: manifests-are-read-once
    const time = { isOver, after: before?.filesAfter, named };
    const { leftAfter, leftNamed, ...files } = await vacuum(store, table, policy, context.nowSeconds(), time);
    removed = { ...removed, ...files };
    if (leftNamed !== undefined) await saveNamedFiles(store, table, leftNamed);
    if (leftAfter !== undefined) return leave(removed, { filesAfter: leftAfter });
  }
  removed = { ...removed, files: removed.files + (await removeOldExports(context, source)) };
  const { leftFrom, partitions } = await removeEmptyPartitions(
    { store, catalog: context.engine.catalog },
    table,
    { from: before?.partitionsFrom ?? 0, isOver },
  );
  removed = { ...removed, partitions };
  if (leftFrom !== undefined) return leave(removed, { partitionsFrom: leftFrom });
  if (before !== undefined) await endVacuum(store, table);
  return removed;
}

/** No snapshot takes longer than this: what is older is left over from one that failed. */
const EXPORT_HOURS_MAX = 48;

/** If time runs out, the remaining exports are removed by the next pass or on the next day. */
async function removeOldExports(context: VacuumContext, source: string): Promise<number> {
  const { store } = context;
  const oldestMs = (context.nowSeconds() - EXPORT_HOURS_MAX * 3600) * 1000;
  let files = 0;
  for (const id of await store.folders(`${exportsPrefix(source)}/AWSDynamoDB/`)) {
    const objects = await store.list(exportFolder(source, id));
    if (objects.some(({ modifiedMs }) => modifiedMs >= oldestMs)) continue;
    files += await removeInTime(context, objects);
  }
  return files;
}
