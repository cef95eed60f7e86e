/** Vacuums a deployed lake table, and removes the partitions in Glue that are left without files. */
import type { Deployment } from "../aws/deployment.ts";
import { removeEmptyPartitions } from "../aws/segments-table.ts";
import { DEFAULT_RETENTION, foreseeVacuum, type VacuumResult, vacuum } from "../core/compaction/vacuum.ts";
import type { VacuumOptions } from "../library/options.ts";
import { nowSeconds } from "../sdk/new-run-id.ts";
import { deployedTable, type OpenedStack } from "./open-stack.ts";

/** Default: the deployment's own retention. */
export async function vacuumDeployment(
  stack: OpenedStack,
  deployment: Deployment,
  { retentionHours = deployment.retentionHours, graceHours, dryRun = false }: VacuumOptions,
): Promise<VacuumResult> {
  const { store, engine } = stack.lakeOf(deployment);
  const { table } = (await deployedTable({ store }, deployment.table)).schema;
  const policy = {
    retentionSeconds: retentionHours * 3600,
    graceSeconds: graceHours === undefined ? DEFAULT_RETENTION.graceSeconds : graceHours * 3600,
  };
  // breakage: dry-vacuum-of-a-stack-removes-nothing
  if (dryRun) return foreseeVacuum(store, table, policy, nowSeconds());
  const removed = await vacuum(store, table, policy, nowSeconds());
  await removeEmptyPartitions({ store, catalog: engine.catalog }, table);
  return removed;
}
