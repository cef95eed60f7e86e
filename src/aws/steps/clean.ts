/** What is no longer needed goes: a run's staging, its export, and, by vacuum, what no manifest names. */

import { DynalakeError } from "../../core/error.ts";
import { EXPORTS_FOLDER, exportEndedPath } from "../../core/format/deployment-path.ts";
import { stagingRunFolder } from "../../core/format/lake-path.ts";
import type { CleanEvent } from "../contracts/steps.ts";
import { type RemovalInTime, removeInTime } from "./remove-in-time.ts";
import { type VacuumContext, type VacuumedInTime, type VacuumRequest, vacuumStep } from "./vacuum-step.ts";

export type CleanRequest = CleanEvent & VacuumRequest;

/** Whatever does not fit into the time is left to the next vacuum. The answer says so if that vacuum has to follow soon. */
export async function clean(context: VacuumContext, request: CleanRequest): Promise<VacuumedInTime> {
  const { table } = request;
  let files = 0;
  if (request.run !== undefined) files += await removeFolder(context, stagingRunFolder(table, request.run));
  if (request.exportPrefix !== undefined) files += await endExport(context, request, request.exportPrefix);
  if (request.vacuum !== true) return { manifests: 0, files, bytes: 0, partitions: 0 };
  const removed = await vacuumStep(context, request);
  return { ...removed, files: removed.files + files };
}

async function removeFolder(context: RemovalInTime, folder: string): Promise<number> {
  return removeInTime(context, await context.store.list(folder));
}

/** An export goes with the last of its tables. One whose table failed is removed by vacuum. */
async function endExport(
  context: VacuumContext,
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
