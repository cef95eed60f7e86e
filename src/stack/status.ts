/** How a deployed lake table is, with what only its services know. */

import { type DeliveryStatus, deliveryStatus } from "../aws/delivery-status.ts";
import { deployedEdit, deployedEditSentence } from "../aws/deployed-change.ts";
import type { Deployment } from "../aws/deployment.ts";
import { knownDrift } from "../aws/known-drift.ts";
import { deployedTableNamed } from "../aws/registry.ts";
import { defined } from "../core/defined.ts";
import { type CountedDay, readCheckedDeliveries } from "../core/delivery/check-deliveries.ts";
import type { ObjectStore } from "../core/ports/object-store.ts";
import { tableStatus, uncountedStatus } from "../core/status/status.ts";
import { type VacuumFacts, vacuumFacts } from "../core/status/vacuum-facts.ts";
import type { OpenTable } from "../core/table/open-table.ts";
import { tableStatusOf } from "../library/reported.ts";
import type { TableStatus } from "../library/reports.ts";
import { nowSeconds } from "../sdk/new-run-id.ts";
import { deployedTable, type OpenedStack } from "./open-stack.ts";

/** The status of a deployed table, whose rows no statement has counted. */
export interface UncountedStatus extends Omit<TableStatus, "rows"> {
  readonly delivery: DeliveryStatus;
  /** The last day whose acknowledged rows were compared with the change log; undefined if none was. */
  readonly counted: CountedDay | undefined;
  /** Undefined unless the last vacuum had no time for everything. */
  readonly vacuum: VacuumFacts | undefined;
}

export interface DeployedStatus extends UncountedStatus {
  readonly rows: number;
}

export async function deployedStatus(stack: OpenedStack, deployment: Deployment): Promise<DeployedStatus> {
  const { store, engine } = stack.lakeOf(deployment);
  const opened = await deployedTable({ store }, deployment.table);
  const { mappingIds } = deployment;
  const [status, schemaFile, drift, more] = await Promise.all([
    tableStatus({ engine, store, mappingIds }, opened, nowSeconds()),
    deployedSchema(store, opened),
    knownDrift(store, opened),
    deliveryFacts(stack, deployment, store),
  ]);
  return {
    ...tableStatusOf(status, undefined, drift, opened.schema),
    schemaFile,
    rows: status.rows,
    ...more,
  };
}

/** Without a statement, which costs money and time. */
export async function uncountedDeployedStatus(
  stack: OpenedStack,
  deployment: Deployment,
  opened: OpenTable,
): Promise<UncountedStatus> {
  const { store } = stack.lakeOf(deployment);
  const { mappingIds } = deployment;
  const [status, schemaFile, drift, more] = await Promise.all([
    uncountedStatus({ store, mappingIds }, opened, nowSeconds()),
    deployedSchema(store, opened),
    knownDrift(store, opened),
    deliveryFacts(stack, deployment, store),
  ]);
  return { ...tableStatusOf(status, undefined, drift, opened.schema), schemaFile, ...more };
}

/** What became of the deployed schema, unless it is that of the lake table. */
async function deployedSchema(store: ObjectStore, opened: OpenTable): Promise<TableStatus["schemaFile"]> {
  const deployed = await deployedTableNamed(store, opened.schema.table);
  const edit = deployed && deployedEdit(opened, deployed.schema);
  return edit && { state: edit.kind, detail: deployedEditSentence(edit) };
}

async function deliveryFacts(
  stack: OpenedStack,
  deployment: Deployment,
  store: ObjectStore,
): Promise<Pick<UncountedStatus, "delivery" | "counted" | "vacuum">> {
  const [delivery, checked, vacuum] = await Promise.all([
    deliveryStatus(deployment, nowSeconds(), defined({ region: stack.region })),
    readCheckedDeliveries(store, deployment.table),
    vacuumFacts(store, deployment.table),
  ]);
  return { delivery, counted: checked?.last, vacuum };
}
