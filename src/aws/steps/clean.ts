/** What is no longer needed goes: a run's staging, its export, and, by vacuum, what no manifest names. */

import { DEFAULT_RETENTION, vacuum } from "../../core/compaction/vacuum.ts";
import { DynalakeError } from "../../core/error.ts";
import { exportFolder, exportsPrefix, stagingRunFolder } from "../../core/format/lake-path.ts";
import { removeEmptyPartitions } from "../segments-table.ts";
import type { StepContext } from "./step-context.ts";

export interface CleanRequest {
  readonly run: string | undefined;
  readonly exportPrefix: string | undefined;
  readonly vacuum: boolean;
  readonly retentionHours: number;
}

export interface Cleaned {
  readonly manifests: number;
  readonly files: number;
  readonly bytes: number;
  /** Partitions of segments that are gone. */
  readonly partitions: number;
}

export async function clean(context: StepContext, request: CleanRequest): Promise<Cleaned> {
  const { store, schema } = context;
  const { table } = schema;
  let files = 0;
  if (request.run !== undefined) files += await removeFolder(context, stagingRunFolder(table, request.run));
  if (request.exportPrefix !== undefined)
    files += await removeFolder(context, ownExport(table, request.exportPrefix));
  if (!request.vacuum) return { manifests: 0, files, bytes: 0, partitions: 0 };
  const policy = { ...DEFAULT_RETENTION, retentionSeconds: request.retentionHours * 3600 };
  const removed = await vacuum(store, table, policy, context.nowSeconds());
  files += await removeOldExports(context);
  const partitions = await removeEmptyPartitions({ store, catalog: context.engine.catalog }, table);
  return { ...removed, files: removed.files + files, partitions };
}

async function removeFolder({ store }: StepContext, folder: string): Promise<number> {
  const objects = await store.list(folder);
  await store.remove(objects.map(({ path }) => path));
  return objects.length;
}

/** No snapshot lasts so long: what is older is left of one that failed. */
const EXPORT_HOURS_MAX = 48;

async function removeOldExports(context: StepContext): Promise<number> {
  const { store, schema } = context;
  const oldestMs = (context.nowSeconds() - EXPORT_HOURS_MAX * 3600) * 1000;
  let files = 0;
  for (const id of await store.folders(`${exportsPrefix(schema.table)}/AWSDynamoDB/`)) {
    const objects = await store.list(exportFolder(schema.table, id));
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
