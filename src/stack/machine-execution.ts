/** One execution of a deployment's state machine, from its start to its end. */
import type { ZodMiniType } from "zod/mini";
import { CONFLICT } from "../aws/contracts/machines.ts";
import { DEPLOY_THIS_VERSION } from "../aws/contracts/stack-outputs.ts";
import {
  describeCommand,
  type ExecutionProgress,
  executionError,
  followExecution,
  startExecution,
} from "../aws/execution.ts";
import { checkedShape } from "../core/checked-shape.ts";
import { DynalakeError } from "../core/error.ts";
import type { ObjectStore } from "../core/ports/object-store.ts";
import { lockHolder } from "../core/table/run-lock.ts";
import { newRunId } from "../sdk/new-run-id.ts";
import type { OpenedStack } from "./open-stack.ts";

export interface MachineExecution<Output> {
  readonly kind: "snapshot" | "compaction";
  readonly table: string;
  readonly machineArn: string;
  readonly input: object;
  /** The lake that has the table. */
  readonly store: ObjectStore;
  /** What the machine returns, unless another execution committed first. */
  readonly output: ZodMiniType<Output>;
}

/** Reports what the execution does. */
export interface MachineEvents {
  readonly onStarted: (execution: MachineExecutionFacts, executionArn: string) => void;
  readonly onProgress: (execution: MachineExecutionFacts, progress: ExecutionProgress) => void;
}

export type MachineExecutionFacts = Pick<MachineExecution<unknown>, "kind" | "table">;

/**
 * The output of the execution. Throws the error of one that fails, CONFLICT if another one was first, and INCOMPLETE at an
 * abort, which leaves it running.
 */
export async function executeMachine<Output>(
  { clients, signal }: Pick<OpenedStack, "clients" | "signal">,
  execution: MachineExecution<Output>,
  events: MachineEvents,
): Promise<Output> {
  const client = clients.stepFunctions;
  const { kind, table, machineArn, input } = execution;
  const what = `the ${kind} of "${table}"`;
  const executionArn = await startExecution({ client, machineArn, name: `dynalake-${newRunId()}`, input });
  events.onStarted(execution, executionArn);
  const onProgress = (progress: ExecutionProgress): void => events.onProgress(execution, progress);
  const end = await followExecution({ client, executionArn, signal, onProgress });
  if (end === undefined) {
    throw new DynalakeError("INCOMPLETE", `stopped waiting for ${what}, which is still running`, {
      next: `Look at it again with ${describeCommand(executionArn)}.`,
    });
  }
  if (end.status !== "SUCCEEDED") throw executionError(what, end);
  if (isConflict(end.output)) throw await conflict(execution, executionArn, what);
  const output = checkedShape(execution.output, end.output);
  if (output.success) return output.data;
  throw new DynalakeError(
    "USAGE",
    `${what} succeeded, but its output does not match this version of dynalake`,
    {
      next: DEPLOY_THIS_VERSION,
    },
  );
}

function isConflict(output: unknown): boolean {
  return (output as { readonly outcome?: unknown } | null | undefined)?.outcome === CONFLICT.outcome;
}

async function conflict(
  { kind, store, table }: Pick<MachineExecution<unknown>, "kind" | "store" | "table">,
  executionArn: string,
  what: string,
): Promise<DynalakeError> {
  if (kind === "snapshot")
    return new DynalakeError("CONFLICT", `${what} was not committed: there is a snapshot of a later time`);
  const other = await lockHolder(store, table, kind);
  if (other === undefined || other === executionArn)
    return new DynalakeError("CONFLICT", `${what} was not committed: another commit was first`);
  return new DynalakeError("CONFLICT", `${what} was not started: another one is running`, {
    next: `No data was changed. Wait for ${other}, then run the command again.`,
  });
}
