/** Executions of the deployment's state machines: started once, followed to their end, and told of on the way. */

import {
  DescribeExecutionCommand,
  DescribeMapRunCommand,
  GetExecutionHistoryCommand,
  ListExecutionsCommand,
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
  /** Of two starts with one name there is one execution: a start whose answer was lost is found again. */
  readonly name: string;
  readonly input: object;
}

/** Starts an execution; its ARN. */
export async function startExecution({ client, machineArn, name, input }: ExecutionStart): Promise<string> {
  const command = new StartExecutionCommand({
    stateMachineArn: machineArn,
    name,
    input: JSON.stringify(input),
  });
  const answer = await client.send(command).catch((error: unknown) => {
    // The name is this start's own: an earlier try of it came through.
    if (failureName(error) === "ExecutionAlreadyExists") return undefined;
    throw failed(error, "start the state machine");
  });
  return answer?.executionArn ?? `${machineArn.replace(":stateMachine:", ":execution:")}:${name}`;
}

export interface Following {
  readonly client: SFNClient;
  readonly executionArn: string;
  /** Ends the following, and not the execution. */
  readonly signal: AbortSignal;
  readonly onProgress: (progress: ExecutionProgress) => void;
  readonly timing?: Timing;
}

export interface ExecutionProgress {
  readonly executionArn: string;
  readonly runningSeconds: number;
  /** The state that it is in, as far as it can be told. */
  readonly state: string | undefined;
  /** How far a state is that does one thing many times. */
  readonly parts: { readonly done: number; readonly all: number } | undefined;
}

/** How an execution ended, as Step Functions tells it. */
export interface ExecutionEnd {
  readonly executionArn: string;
  readonly status: "SUCCEEDED" | "FAILED" | "TIMED_OUT" | "ABORTED";
  /** Of one that succeeded. */
  readonly output: unknown;
  readonly error: string | undefined;
  readonly cause: string | undefined;
}

const POLL_BACKOFF: Backoff = { baseMs: 500, capMs: 10_000 };
/** Polls in a row whose answer may be lost. */
const LOST_POLLS_MAX = 20;

/** Polls with growing waits until the execution has ended; machines end after hours by themselves. Undefined at the signal. */
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

/** The latest events tell the state. What cannot be told is left out: the execution does not depend on it. */
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

/** The ARNs of a machine's executions that run, newest first: a few of them. */
export async function runningExecutions(client: SFNClient, machineArn: string): Promise<readonly string[]> {
  const command = new ListExecutionsCommand({
    stateMachineArn: machineArn,
    statusFilter: "RUNNING",
    maxResults: 10,
  });
  const { executions = [] } = await client.send(command).catch((error: unknown) => {
    throw failed(error, "list the executions that run");
  });
  return executions.flatMap(({ executionArn }) => executionArn ?? []);
}

/** The error of an execution that did not succeed. `what` names what it did: the snapshot of "reviews". */
export function executionError(what: string, end: ExecutionEnd): DynalakeError {
  const { error = "no error was told", status } = end;
  const look = `${describeCommand(end.executionArn)} tells more.`;
  if (status === "TIMED_OUT" || status === "ABORTED") {
    const how = status === "TIMED_OUT" ? "took too long and was ended" : "was stopped by somebody";
    return new DynalakeError("INCOMPLETE", `${what} ${how}`, {
      next: `Nothing was harmed; run the command again. ${look}`,
    });
  }
  if (!Object.hasOwn(errorCatalog, error)) {
    // Its cause may quote a statement, and with it the value of a key.
    const code: ErrorCode = error === EXPORT_FAILED ? "SOURCE_FAILED" : "ENGINE_FAILED";
    return new DynalakeError(code, `${what} failed: ${error}`, { next: look });
  }
  const { message, next } = toldBy(end.cause);
  const code = error as ErrorCode;
  return new DynalakeError(code, message === "" ? `${what} failed` : `${what} failed: ${message}`, {
    next: next ?? `${errorCatalog[code].next} ${look}`,
  });
}

/** A function's error in our own words, with the next step behind an arrow: see `lambdaHandler`. */
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

/** The command of AWS that tells how an execution goes on. */
export function describeCommand(executionArn: string): string {
  return `\`aws stepfunctions describe-execution --execution-arn ${executionArn}\``;
}

function failed(error: unknown, attempt: string): DynalakeError {
  return awsError(error, { service: "Step Functions", attempt, otherwise: "ENGINE_FAILED" });
}
