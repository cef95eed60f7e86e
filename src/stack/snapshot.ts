/** Snapshots of a deployment: its state machine exports the table and takes the export in. */
import { SKIPPED, type SnapshotInput, snapshotOutput } from "../aws/contracts/machines.ts";
import type { Deployment } from "../aws/deployment.ts";
import { executeMachine, type MachineEvents } from "./machine-execution.ts";
import type { OpenedStack } from "./open-stack.ts";

export interface DeployedSnapshot {
  readonly source: string;
  readonly items: number;
  readonly skipped: number;
  readonly quarantined: number;
  /** The number of the commit. */
  readonly manifest: number;
}

/** Undefined if it was skipped: there is a snapshot, or one is being taken. */
export async function snapshotDeployment(
  stack: OpenedStack,
  deployment: Deployment,
  events: MachineEvents,
): Promise<DeployedSnapshot | undefined> {
  const { table, snapshotMachineArn: machineArn, sourceTableArn } = deployment;
  const { store } = stack.lakeOf(deployment);
  const input: SnapshotInput = { table };
  const execution = { kind: "snapshot", table, machineArn, input, store, output: snapshotOutput } as const;
  const output = await executeMachine(stack, execution, events);
  if (output.outcome === SKIPPED.outcome) return undefined;
  const { items, skipped, quarantined, commit } = output;
  const source = sourceTableArn.slice(sourceTableArn.lastIndexOf("/") + 1);
  return { source, items, skipped, quarantined, manifest: commit.manifest };
}
