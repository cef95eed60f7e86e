/** What SQL does not show of a deployed table. */
import type { Deployment } from "../aws/deployment.ts";
import { knownDrift } from "../aws/known-drift.ts";
import { tableDrift } from "../core/overlay/drift.ts";
import { driftReports } from "../library/reported.ts";
import type { Drift } from "../library/reports.ts";
import { deployedTable, type OpenedStack } from "./open-stack.ts";

/** As compactions have found it, or `exact`: counts the table as it is now by statements in Athena, which read `_unmapped` of all rows. */
export async function deployedDrift(
  stack: OpenedStack,
  deployment: Deployment,
  counting: "found" | "exact",
): Promise<readonly Drift[]> {
  const { store, engine } = stack.lakeOf(deployment);
  const opened = await deployedTable({ store }, deployment.table);
  const drift = counting === "exact" ? await tableDrift(engine, opened) : await knownDrift(store, opened);
  return driftReports(drift, opened.schema);
}
