/** Starts executions of the deployment's state machines, follows them to their end, and reports progress. */

import {
  DescribeExecutionCommand,
  DescribeMapRunCommand,
  GetExecutionHistoryCommand,
  ListMapRunsCommand,
  type SFNClient,
  StartExecutionCommand,
} from "@aws-sdk/client-sfn";
import { DynalakeError, type ErrorCode, errorCatalog } from "../core/error.ts";
import { awsError, failureName, isPassingFailure } from "../sdk/aws-error.ts";
import { type Backoff, backoffMs, systemTiming, type Timing } from "../sdk/timing.ts";
import { EXPORT_FAILED } from "./contracts/machines.ts";

export interface ExecutionStart {
  readonly client: SFNClient;
  readonly machineArn: string;
  /** Two starts with the same name give one execution, so a start can be repeated if its answer was lost. */
  readonly name: string;
  readonly input: object;
}

/** Starts an execution and returns its ARN. */
export async function startExecution({ client, machineArn, name, input }: ExecutionStart): Promise<string> {
  const command = new StartExecutionCommand({
    stateMachineArn: machineArn,
    name,
    input: JSON.stringify(input),
  });
  const answer = await client.send(command).catch((error: unknown) => {
    // The name is unique to this start: an earlier attempt of it succeeded.
    if (failureName(error) === "ExecutionAlreadyExists") return undefined;
    throw failed(error, "start the state machine");
  });
  return answer?.executionArn ?? `${machineArn.replace(":stateMachine:", ":execution:")}:${name}`;
}

export interface Following {
  readonly client: SFNClient;
  readonly executionArn: string;
  /** Stops following; the execution keeps running. */
  readonly signal: AbortSignal;
  readonly onProgress: (progress: ExecutionProgress) => void;
  readonly timing?: Timing;
}

export interface ExecutionProgress {
  readonly executionArn: string;
  readonly runningSeconds: number;
  /** The current state, if known. */
  readonly state: string | undefined;
  /** The progress of a map state. */
  readonly parts: { readonly done: number; readonly all: number } | undefined;
}

/** How an execution ended, according to Step Functions. */
export interface ExecutionEnd {
  readonly executionArn: string;
  readonly status: "SUCCEEDED" | "FAILED" | "TIMED_OUT" | "ABORTED";
  /** Defined if it succeeded. */
  readonly output: unknown;
  readonly error: string | undefined;
  readonly cause: string | undefined;
}

const POLL_BACKOFF: Backoff = { baseMs: 500, capMs: 10_000 };
/** Polls in a row that may fail. */
const LOST_POLLS_MAX = 20;

/** Polls with growing waits until the execution ends; machines have time limits. Undefined if the signal is aborted. */
export async function followExecution(following: Following): Promise<ExecutionEnd | undefined> {
  const { client, executionArn, signal, timing = systemTiming } = following;
  for (let polls = 1, lost = 0; !signal.aborted; polls++) {
    const told = await client.send(new DescribeExecutionCommand({ executionArn })).catch((error: unknown) => {
      lost++;
      if (lost > LOST_POLLS_MAX || !isPassingFailure(error)) throw failed(error, "follow the execution");
      return undefined;
    });
    if (told !== undefined) {
      lost = 0;
      const { status = "RUNNING", startDate, output, error, cause } = told;
      if (status !== "RUNNING" && status !== "PENDING_REDRIVE")
        return { executionArn, status, output: parsedOutput(output), error, cause };
      const runningSeconds = Math.round((timing.nowMs() - (startDate?.getTime() ?? timing.nowMs())) / 1000);
      following.onProgress({ executionArn, runningSeconds, ...(await whereItIs(client, executionArn)) });
    }
    await timing.sleep(backoffMs(POLL_BACKOFF, polls, timing), signal);
  }
  return undefined;
}

function parsedOutput(output: string | undefined): unknown {
  return output === undefined ? undefined : (JSON.parse(output) as unknown);
}

/** Takes the state from the latest events. Failures are ignored, because the state is only for display. */
async function whereItIs(
  client: SFNClient,
  executionArn: string,
): Promise<Pick<ExecutionProgress, "state" | "parts">> {
  try {
    const history = await client.send(
      new GetExecutionHistoryCommand({
        executionArn,
        reverseOrder: true,
        maxResults: 20,
        includeExecutionData: false,
      }),
    );
    const entered = history.events?.find(({ stateEnteredEventDetails }) => stateEnteredEventDetails);
    const isMap = entered?.type === "MapStateEntered";
    return {
      state: entered?.stateEnteredEventDetails?.name,
      parts: isMap ? await partsOf(client, executionArn) : undefined,
    };
  } catch {
    return { state: undefined, parts: undefined };
  }
}

async function partsOf(client: SFNClient, executionArn: string): Promise<ExecutionProgress["parts"]> {
  const { mapRuns = [] } = await client.send(new ListMapRunsCommand({ executionArn }));
  const running = mapRuns.find(({ stopDate }) => stopDate === undefined);
  if (running === undefined) return undefined;
  const { itemCounts } = await client.send(new DescribeMapRunCommand({ mapRunArn: running.mapRunArn }));
  return itemCounts && { done: itemCounts.succeeded ?? 0, all: itemCounts.total ?? 0 };
}

/** The error for an execution that did not succeed. `what` is what it was doing, such as: the snapshot of "reviews". */
export function executionError(what: string, end: ExecutionEnd): DynalakeError {
  const { error = "no error was reported", status } = end;
  const look = `For details, run ${describeCommand(end.executionArn)}.`;
  if (status === "TIMED_OUT" || status === "ABORTED") {
    const how = status === "TIMED_OUT" ? "timed out" : "was stopped";
    return new DynalakeError("INCOMPLETE", `${what} ${how}`, {
      next: `No data was changed; run the command again. ${look}`,
    });
  }
  if (!Object.hasOwn(errorCatalog, error)) {
    // The cause may quote a statement, which may contain the value of a key.
    const code: ErrorCode = error === EXPORT_FAILED ? "SOURCE_FAILED" : "ENGINE_FAILED";
    return new DynalakeError(code, `${what} failed: ${error}`, { next: look });
  }
  const { message, next } = toldBy(end.cause);
  const code = error as ErrorCode;
  return new DynalakeError(code, message === "" ? `${what} failed` : `${what} failed: ${message}`, {
    next: next ?? `${errorCatalog[code].next} ${look}`,
  });
}

/** The message and next step in a function's error, separated by an arrow: see `lambdaHandler`. */
function toldBy(cause: string | undefined): { readonly message: string; readonly next?: string } {
  const text = errorMessageOf(cause ?? "");
  const arrow = text.lastIndexOf(" -> ");
  if (arrow < 0) return { message: text };
  return { message: text.slice(0, arrow), next: text.slice(arrow + " -> ".length) };
}

function errorMessageOf(cause: string): string {
  try {
    const { errorMessage } = JSON.parse(cause) as { readonly errorMessage?: unknown };
    return typeof errorMessage === "string" ? errorMessage : "";
  } catch {
    return cause;
  }
}

/** The AWS CLI command that shows the state of an execution. */
export function describeCommand(executionArn: string): string {
  return `\`aws stepfunctions describe-execution --execution-arn ${executionArn}\``;
}

function failed(error: unknown, attempt: string): DynalakeError {
  return awsError(error, { service: "Step Functions", attempt, otherwise: "ENGINE_FAILED" });
}
