/** One execution of a deployment's state machine, from its start to its end. */
import type { z } from "zod";
import { CONFLICT } from "../aws/contracts/machines.ts";
import {
  describeCommand,
  type ExecutionProgress,
  executionError,
  followExecution,
  runningExecutions,
  startExecution,
} from "../aws/execution.ts";
import { DynalakeError } from "../core/error.ts";
import { newRun } from "../sdk/run-name.ts";
import type { OpenedStack } from "./open-stack.ts";

export interface MachineRun<Output> {
  readonly kind: "snapshot" | "compaction";
  readonly table: string;
  readonly machineArn: string;
  readonly input: Readonly<Record<string, unknown>>;
  /** What the machine returns, unless it lost against another run. */
  readonly output: z.ZodType<Output>;
}

/** Reports what the execution does. */
export interface MachineEvents {
  readonly onStarted: (run: MachineRunFacts, executionArn: string) => void;
  readonly onProgress: (run: MachineRunFacts, progress: ExecutionProgress) => void;
}

export type MachineRunFacts = Pick<MachineRun<unknown>, "kind" | "table">;

/**
 * The output of the run. Throws the error of one that fails, CONFLICT if another run was first, and INCOMPLETE at an abort,
 * which leaves it running.
 */
export async function runMachine<Output>(
  { clients, signal }: Pick<OpenedStack, "clients" | "signal">,
  run: MachineRun<Output>,
  events: MachineEvents,
): Promise<Output> {
  const client = clients.stepFunctions;
  const what = `the ${run.kind} of "${run.table}"`;
  const name = `dynalake-${newRun()}`;
  const executionArn = await startExecution({ client, machineArn: run.machineArn, name, input: run.input });
  events.onStarted(run, executionArn);
  const onProgress = (progress: ExecutionProgress): void => events.onProgress(run, progress);
  const end = await followExecution({ client, executionArn, signal, onProgress });
  if (end === undefined) {
    throw new DynalakeError("INCOMPLETE", `stopped waiting for ${what}, which is still running`, {
      next: `Look at it again with ${describeCommand(executionArn)}.`,
    });
  }
  if (end.status !== "SUCCEEDED") throw executionError(what, end);
  if (isConflict(end.output)) throw await conflict(client, run, what);
  const output = run.output.safeParse(end.output);
  if (output.success) return output.data;
  throw new DynalakeError("USAGE", `${what} succeeded, but its output is that of another version`, {
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
    return new DynalakeError("CONFLICT", `${what} was not committed: another one was first`);
  return new DynalakeError("CONFLICT", `${what} was not started: another one is running`, {
    next: `No data was changed. Wait for ${other}, then run the command again.`,
  });
}
