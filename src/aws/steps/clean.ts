/** What is no longer needed goes: a run's staging, its export, and, by vacuum, what no manifest names. */

import { DEFAULT_RETENTION, vacuum } from "../../core/compaction/vacuum.ts";
import { DynalakeError } from "../../core/error.ts";
import { exportFolder, exportsPrefix, stagingRunFolder } from "../../core/format/lake-path.ts";
import type { CleanEvent } from "../contracts/steps.ts";
import { removeEmptyPartitions } from "../segments-table.ts";
import type { StepContext } from "./step-context.ts";

export interface CleanRequest extends CleanEvent {
  readonly retentionHours: number;
}

export interface Cleaned {
  readonly manifests: number;
  readonly files: number;
  readonly bytes: number;
  /** Partitions of segments that are gone. */
  readonly partitions: number;
}

/** The table itself is not read. */
type CleanContext = Pick<StepContext, "store" | "engine" | "deployed" | "nowSeconds">;

export async function clean(context: CleanContext, request: CleanRequest): Promise<Cleaned> {
  const { store } = context;
  const { table } = context.deployed;
  let files = 0;
  if (request.run !== undefined) files += await removeFolder(context, stagingRunFolder(table, request.run));
  if (request.exportPrefix !== undefined)
    files += await removeFolder(context, ownExport(table, request.exportPrefix));
  if (request.vacuum !== true) return { manifests: 0, files, bytes: 0, partitions: 0 };
  const policy = { ...DEFAULT_RETENTION, retentionSeconds: request.retentionHours * 3600 };
  const removed = await vacuum(store, table, policy, context.nowSeconds());
  files += await removeOldExports(context);
  const partitions = await removeEmptyPartitions({ store, catalog: context.engine.catalog }, table);
  return { ...removed, files: removed.files + files, partitions };
}

async function removeFolder({ store }: CleanContext, folder: string): Promise<number> {
  const objects = await store.list(folder);
  await store.remove(objects.map(({ path }) => path));
  return objects.length;
}

/** No snapshot takes longer than this: what is older is left over from one that failed. */
const EXPORT_HOURS_MAX = 48;

async function removeOldExports(context: CleanContext): Promise<number> {
  const { store, deployed } = context;
  const oldestMs = (context.nowSeconds() - EXPORT_HOURS_MAX * 3600) * 1000;
  let files = 0;
  for (const id of await store.folders(`${exportsPrefix(deployed.table)}/AWSDynamoDB/`)) {
    const objects = await store.list(exportFolder(deployed.table, id));
    if (objects.some(({ modifiedMs }) => modifiedMs >= oldestMs)) continue;
    await store.remove(objects.map(({ path }) => path));
    files += objects.length;
  }
  return files;
}

function ownExport(table: string, folder: string): string {
  if (new RegExp(`^${exportsPrefix(table)}/AWSDynamoDB/[A-Za-z0-9-]+/$`).test(folder)) return folder;
  throw new DynalakeError("INPUT_INVALID", "exportPrefix does not name an export of the table");
}
