/** How a deployed lake table is, with what only its services know. */

import { type DeliveryStatus, deliveryStatus } from "../aws/delivery-status.ts";
import type { Deployment } from "../aws/deployment.ts";
import { defined } from "../core/defined.ts";
import { type CountedDay, readCheckedDeliveries } from "../core/delivery/check-deliveries.ts";
import { tableStatus } from "../core/status/status.ts";
import { tableStatusOf } from "../library/reported.ts";
import type { TableStatus } from "../library/reports.ts";
import { nowSeconds } from "../sdk/new-run-id.ts";
import { deployedTable, type OpenedStack } from "./open-stack.ts";

export interface DeployedStatus extends TableStatus {
  readonly delivery: DeliveryStatus;
  /** The last day whose acknowledged rows were compared with the change log; undefined if none was. */
  readonly counted: CountedDay | undefined;
}

export async function deployedStatus(stack: OpenedStack, deployment: Deployment): Promise<DeployedStatus> {
  const { store, engine } = stack.lakeOf(deployment);
  const opened = await deployedTable({ store }, deployment.table);
  const mappingId = deployment.eventSourceMapping;
  const [status, delivery, checked] = await Promise.all([
    tableStatus({ engine, store, mappingId }, opened, nowSeconds()),
    deliveryStatus(deployment, nowSeconds(), defined({ region: stack.region })),
    readCheckedDeliveries(store, deployment.table),
  ]);
  return { ...tableStatusOf(status), delivery, counted: checked?.last };
}
