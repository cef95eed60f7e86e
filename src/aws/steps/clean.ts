/** What is no longer needed goes: a run's staging, its export, and, by vacuum, what no manifest names. */

import { DEFAULT_RETENTION, vacuum } from "../../core/compaction/vacuum.ts";
import { DynalakeError } from "../../core/error.ts";
import {
  EXPORTS_FOLDER,
  exportEndedPath,
  exportFolder,
  exportsPrefix,
} from "../../core/format/deployment-path.ts";
import { stagingRunFolder } from "../../core/format/lake-path.ts";
import type { CleanEvent } from "../contracts/steps.ts";
import { removeEmptyPartitions } from "../segments-table.ts";
import type { LakeContext } from "./step-context.ts";

export interface CleanRequest extends CleanEvent {
  /** The table's source. */
  readonly source: string;
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
type CleanContext = Pick<LakeContext, "store" | "engine" | "nowSeconds">;

export async function clean(context: CleanContext, request: CleanRequest): Promise<Cleaned> {
  const { store } = context;
  const { table } = request;
  let files = 0;
  if (request.run !== undefined) files += await removeFolder(context, stagingRunFolder(table, request.run));
  if (request.exportPrefix !== undefined) files += await endExport(context, request, request.exportPrefix);
  if (request.vacuum !== true) return { manifests: 0, files, bytes: 0, partitions: 0 };
  const policy = { ...DEFAULT_RETENTION, retentionSeconds: request.retentionHours * 3600 };
  const removed = await vacuum(store, table, policy, context.nowSeconds());
  files += await removeOldExports(context, request.source);
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

async function removeOldExports(context: CleanContext, source: string): Promise<number> {
  const { store } = context;
  const oldestMs = (context.nowSeconds() - EXPORT_HOURS_MAX * 3600) * 1000;
  let files = 0;
  for (const id of await store.folders(`${exportsPrefix(source)}/AWSDynamoDB/`)) {
    const objects = await store.list(exportFolder(source, id));
    if (objects.some(({ modifiedMs }) => modifiedMs >= oldestMs)) continue;
    await store.remove(objects.map(({ path }) => path));
    files += objects.length;
  }
  return files;
}

/** An export goes with the last of its tables. One whose table failed is removed by vacuum. */
async function endExport(
  context: CleanContext,
  { table, exportTables = [table] }: CleanRequest,
  exportPrefix: string,
): Promise<number> {
  requireExport(exportPrefix);
  const { store } = context;
  await store.replace(exportEndedPath(exportPrefix, table), new Uint8Array());
  const ended = (await store.list(`${exportPrefix}ended/`)).map(({ path }) => path);
  const isLast = exportTables.every((each) => ended.includes(exportEndedPath(exportPrefix, each)));
  return isLast ? removeFolder(context, exportPrefix) : 0; // breakage: export-goes-with-its-last-table
}

function requireExport(folder: string): void {
  if (new RegExp(`^${EXPORTS_FOLDER}[A-Za-z0-9_-]+/AWSDynamoDB/[A-Za-z0-9-]+/$`).test(folder)) return;
  throw new DynalakeError("INPUT_INVALID", "exportPrefix does not name an export of the lake");
}
