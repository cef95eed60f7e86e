/** What SQL does not show of a deployed table. */
import type { Deployment } from "../aws/deployment.ts";
import { tableDrift } from "../core/overlay/drift.ts";
import type { Drift as CountedDrift } from "../core/overlay/drift-finding.ts";
import { foundDrift } from "../core/overlay/found-drift.ts";
import { readFound } from "../core/overlay/found-record.ts";
import type { ObjectStore } from "../core/ports/object-store.ts";
import type { OpenTable } from "../core/table/open-table.ts";
import { driftReport } from "../library/reported.ts";
import type { Drift } from "../library/reports.ts";
import { deployedTable, type OpenedStack } from "./open-stack.ts";

/** By what compactions have found, without a statement. Undefined for a table that nothing follows: nothing is looked for there. */
export async function knownDrift(
  store: ObjectStore,
  opened: OpenTable,
): Promise<readonly CountedDrift[] | undefined> {
  if (opened.schema.evolve === "none") return undefined;
  return foundDrift(opened, await readFound(store, opened.schema.table));
}

/** The same, for people; `exact` counts the table as it is now by statements in Athena, which read `_unmapped` of all rows. */
export async function deployedDrift(
  stack: OpenedStack,
  deployment: Deployment,
  counting: "found" | "exact",
): Promise<readonly Drift[] | undefined> {
  const { store, engine } = stack.lakeOf(deployment);
  const opened = await deployedTable({ store }, deployment.table);
  const drift = counting === "exact" ? await tableDrift(engine, opened) : await knownDrift(store, opened);
  return drift?.map(driftReport);
}
