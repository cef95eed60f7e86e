/** Compactions of a deployment: its state machine folds the change log. */

import {
  type CompactionInput,
  type CompactionSucceeded,
  compactionOutput,
} from "../aws/contracts/machines.ts";
import { COMPACTION_KINDS, type CompactionKind } from "../aws/contracts/steps.ts";
import type { Deployment } from "../aws/deployment.ts";
import { defined } from "../core/defined.ts";
import type { ObjectStore } from "../core/ports/object-store.ts";
import { manifestSequences, readManifest } from "../core/table/commits.ts";
import type { CompactOptions } from "../library/options.ts";
import { executeMachine, type MachineEvents } from "./machine-execution.ts";
import type { OpenedStack } from "./open-stack.ts";

/** A commit of a compaction. One of kind "schema" takes on another schema; one of kind "texts" shows as text what columns do not hold. */
export interface DeployedCompactionRun {
  readonly kind: CompactionKind;
  readonly run: string;
  readonly rows: number;
  readonly segments: number;
}

export async function compactDeployment(
  stack: OpenedStack,
  deployment: Deployment,
  { all, settleSeconds }: CompactOptions,
  events: MachineEvents,
): Promise<readonly DeployedCompactionRun[]> {
  const { table, compactionMachineArn: machineArn } = deployment;
  const { store } = stack.lakeOf(deployment);
  const input: CompactionInput = {
    table,
    scope: all === true ? "all" : "grown",
    ...defined({ settleSeconds }),
  };
  const execution = {
    kind: "compaction",
    table,
    machineArn,
    input,
    store,
    output: compactionOutput,
  } as const;
  const { done, manifest } = await executeMachine(stack, execution, events);
  return lastRuns(store, table, { done, manifest });
}

/** While a compaction runs, no other one does: the last commits are its own. */
async function lastRuns(
  store: ObjectStore,
  table: string,
  { done, manifest: newest }: Pick<CompactionSucceeded, "done" | "manifest">,
): Promise<readonly DeployedCompactionRun[]> {
  const runs: DeployedCompactionRun[] = [];
  const sequences = (await manifestSequences(store, table)).filter((sequence) => sequence <= newest);
  for (const sequence of sequences.reverse()) {
    if (runs.length === done.length) break;
    const manifest = await readManifest(store, table, sequence);
    if (manifest === undefined || !isCompaction(manifest.kind)) continue;
    const { run } = manifest;
    // A commit says of both kinds that it changes what columns there are.
    const kind = done.at(-1 - runs.length) === "texts" ? "texts" : manifest.kind;
    const own = manifest.segments.filter((segment) => segment.run === run);
    runs.unshift({ kind, run, rows: own.reduce((sum, { rows }) => sum + rows, 0), segments: own.length });
  }
  return runs;
}

function isCompaction(kind: string): kind is CompactionKind {
  return COMPACTION_KINDS.some((each) => each === kind);
}
