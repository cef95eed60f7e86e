/** A run of one of the deployment's state machines, from its start to its end, with progress. */

import type { z } from "zod";
import {
  CONFLICT,
  type CompactionInput,
  type CompactionWork,
  type SnapshotInput,
  type SnapshotWork,
} from "../../aws/contracts/machines.ts";
import {
  describeCommand,
  type ExecutionProgress,
  executionError,
  followExecution,
  runningExecutions,
  startExecution,
} from "../../aws/execution.ts";
import { DynalakeError } from "../../core/error.ts";
import { newRun } from "../../sdk/run-name.ts";
import type { CommandContext } from "../command.ts";
import type { OpenedStack } from "../opened-stack.ts";

export interface MachineRun<Output> {
  readonly kind: "snapshot" | "compaction";
  readonly table: string;
  readonly machineArn: string;
  readonly input: SnapshotInput | CompactionInput;
  /** What the machine says at its end, if it did not come second. */
  readonly output: z.ZodType<Output>;
}

/**
 * The output of the run. Throws the error of one that fails; CONFLICT where another run came first; INCOMPLETE at an
 * interrupt, which leaves it running.
 */
export async function runMachine<Output>(
  { terminal, interrupted }: CommandContext,
  { clients }: Pick<OpenedStack, "clients">,
  run: MachineRun<Output>,
): Promise<Output> {
  const client = clients.stepFunctions;
  const what = `the ${run.kind} of "${run.table}"`;
  const name = `dynalake-${newRun()}`;
  const executionArn = await startExecution({ client, machineArn: run.machineArn, name, input: run.input });
  terminal.note(`Started ${what}: ${executionArn}`);
  const end = await followExecution({
    client,
    executionArn,
    signal: interrupted,
    onProgress: (progress) => terminal.progress(progressText(run, progress)),
  });
  terminal.settle();
  if (end === undefined) {
    throw new DynalakeError("INCOMPLETE", `nobody waits any longer for ${what}; it goes on`, {
      next: `Look at it again with ${describeCommand(executionArn)}.`,
    });
  }
  if (end.status !== "SUCCEEDED") throw executionError(what, end);
  if (isConflict(end.output)) throw await conflict(client, run, what);
  const output = run.output.safeParse(end.output);
  if (output.success) return output.data;
  throw new DynalakeError("USAGE", `${what} succeeded, and tells of it as another version does`, {
    next: "Deploy the stack again with the same version of dynalake that runs here.",
  });
}

function isConflict(output: unknown): boolean {
  return (output as { readonly outcome?: unknown } | null | undefined)?.outcome === CONFLICT.outcome;
}

async function conflict(
  client: OpenedStack["clients"]["stepFunctions"],
  { kind, machineArn }: Pick<MachineRun<unknown>, "kind" | "machineArn">,
  what: string,
): Promise<DynalakeError> {
  if (kind === "snapshot")
    return new DynalakeError("CONFLICT", `${what} was not committed: there is one of a later time`);
  const [other] = await runningExecutions(client, machineArn);
  if (other === undefined)
    return new DynalakeError("CONFLICT", `${what} was not committed: another one came first`);
  return new DynalakeError("CONFLICT", `${what} was not started: another one is running`, {
    next: `Nothing was harmed. Wait for ${other}, then run the command again.`,
  });
}

/** What the states do, in the words of the embedded commands. */
const STATES: Readonly<Record<SnapshotWork | CompactionWork, string>> = {
  Begin: "starting the export",
  WaitForExport: "waiting for the export of the table",
  DescribeExport: "waiting for the export of the table",
  "Exported?": "waiting for the export of the table",
  Parts: "reading the export",
  PlanSeed: "planning",
  Plan: "planning",
  Stage: "writing",
  Commit: "committing",
  Publish: "publishing the views",
  Clean: "cleaning up",
};

function progressText(
  { kind, table }: Pick<MachineRun<unknown>, "kind" | "table">,
  progress: ExecutionProgress,
): string {
  const { state, parts, runningSeconds } = progress;
  const known: Readonly<Record<string, string>> = STATES;
  const doing = state === undefined ? "running" : (known[state] ?? state);
  const share = parts === undefined ? "" : `, ${parts.done} of ${parts.all} parts`;
  return `${kind} of ${table}: ${doing}${share} (${runningSeconds} s)`;
}
