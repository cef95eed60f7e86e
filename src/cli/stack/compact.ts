/** `dynalake compact --stack`: the deployment folds its change log. */

import {
  type CompactionInput,
  type CompactionSucceeded,
  compactionResult,
} from "../../aws/contracts/machines.ts";
import { COMPACTION_KINDS, type CompactionKind } from "../../aws/contracts/steps.ts";
import { chosenDeployments, type Deployment } from "../../aws/deployment.ts";
import type { ObjectStore } from "../../core/ports/object-store.ts";
import { manifestSequences, readManifest } from "../../core/table/commits.ts";
import { type CommandContext, EXIT, type ExitCode } from "../command.ts";
import type { CompactOptions } from "../commands/compact.ts";
import { type CompactionRun, reportCompaction } from "../compaction-report.ts";
import type { StackTarget } from "../lake-target.ts";
import { type OpenedStack, openStack } from "../opened-stack.ts";
import { runMachine } from "./machine-run.ts";

export async function compactOnStack(
  context: CommandContext,
  target: StackTarget,
  options: CompactOptions,
): Promise<ExitCode> {
  const stack = await openStack(context, target);
  try {
    for (const deployment of chosenDeployments(stack.deployments, options.table)) {
      const runs = await compact(context, stack, deployment, options);
      await reportCompaction(context, deployment.table, runs, options);
    }
    return EXIT.done;
  } finally {
    await stack.close();
  }
}

async function compact(
  context: CommandContext,
  stack: OpenedStack,
  deployment: Deployment,
  { all, settleSeconds }: CompactOptions,
): Promise<readonly CompactionRun[]> {
  const { table, compactionMachineArn: machineArn } = deployment;
  const input: CompactionInput = {
    scope: all === true ? "all" : "grown",
    ...(settleSeconds === undefined ? {} : { settleSeconds }),
  };
  const run = { kind: "compaction", table, machineArn, input, output: compactionResult } as const;
  const { done, manifest } = await runMachine(context, stack, run);
  return lastRuns(stack.lakeOf(deployment).store, table, { done, manifest });
}

/** While a compaction runs no other one does, so that the last of their commits are its own. */
async function lastRuns(
  store: ObjectStore,
  table: string,
  { done, manifest: newest }: Pick<CompactionSucceeded, "done" | "manifest">,
): Promise<readonly CompactionRun[]> {
  const runs: CompactionRun[] = [];
  const sequences = (await manifestSequences(store, table)).filter((sequence) => sequence <= newest);
  for (const sequence of sequences.reverse()) {
    if (runs.length === done.length) break;
    const manifest = await readManifest(store, table, sequence);
    if (manifest === undefined || !isCompaction(manifest.kind)) continue;
    const { kind, run } = manifest;
    const own = manifest.segments.filter((segment) => segment.run === run);
    runs.unshift({ kind, run, rows: own.reduce((sum, { rows }) => sum + rows, 0), segments: own.length });
  }
  return runs;
}

function isCompaction(kind: string): kind is CompactionKind {
  return COMPACTION_KINDS.some((each) => each === kind);
}
