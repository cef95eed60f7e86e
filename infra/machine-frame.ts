/** How every machine of the deployment begins, invokes its functions and ends. */
import type { IFunction } from "aws-cdk-lib/aws-lambda";
import { BACKOFF, call, FAILED, type Invocation, integration, invoke, type State } from "./states.ts";

const OTHER_EXECUTIONS = "OtherExecutions";
const ONLY_ONE = "OnlyOne?";

export interface Beginning {
  readonly defaults: Readonly<Record<string, unknown>>;
  readonly next: string;
}

/** The beginning: `$.request` is the execution's input over the defaults, with the execution's name. */
export function beginning({ defaults, next }: Beginning): Record<string, State> {
  return {
    Defaults: { Type: "Pass", Result: defaults, ResultPath: "$.defaults", Next: "Input" },
    Input: {
      Type: "Pass",
      Parameters: { "request.$": "States.JsonMerge($.defaults, $$.Execution.Input, false)" },
      Next: "Name",
    },
    Name: { Type: "Pass", InputPath: "$$.Execution.Name", ResultPath: "$.request.execution", Next: next },
  };
}

export interface OnlyOne {
  readonly alone: string;
  readonly other: string;
}

/**
 * Whether this execution is the only one of its machine. A second one would cost money and do no harm, so this need not be
 * sure: a listing of executions is a little late, and of three that begin in one moment all may stop.
 */
export function onlyOne({ alone, other }: OnlyOne): Record<string, State> {
  const isThere = (index: number): State => ({
    Variable: `$.running.executions[${index}]`,
    IsPresent: true,
  });
  const isThis = { Variable: "$.running.executions[1].ExecutionArn", StringEqualsPath: "$$.Execution.Id" };
  return {
    [OTHER_EXECUTIONS]: call(
      {
        call: "sfn:listExecutions",
        parameters: { "StateMachineArn.$": "$$.StateMachine.Id", StatusFilter: "RUNNING", MaxResults: 3 },
        result: { "executions.$": "$.Executions" },
        answer: "$.running",
        retry: ["Sfn.SfnException", "Sfn.SdkClientException", "Sfn.ThrottlingException"],
      },
      ONLY_ONE,
    ),
    // The newest come first: of two, the older one continues.
    [ONLY_ONE]: {
      Type: "Choice",
      Choices: [
        { ...isThere(2), Next: other },
        { And: [isThere(1), { Not: isThis }], Next: other }, // breakage: another-execution-goes-on
      ],
      Default: alone,
    },
  };
}

/** The longest that a function may run; some more for its start. */
export const FUNCTION_SECONDS: number = 16 * 60;

/** A function is invoked, and its answer is kept. */
export function step(
  made: IFunction,
  event: Invocation["event"],
  answer: Invocation["answer"],
  next: string,
  passing: readonly Readonly<Record<string, unknown>>[] = [],
): State {
  const { functionArn } = made;
  return invoke({ functionArn, event, answer, timeoutSeconds: FUNCTION_SECONDS, retry: passing }, next);
}

export interface Report {
  /** What ran: snapshot or compaction. */
  readonly machine: string;
  readonly table: string;
  readonly successTopicArn: string;
  readonly failureTopicArn: string;
}

/** The end after success: the facts, which name no item, are published and are the execution's output. */
export function success(report: Report, facts: Readonly<Record<string, unknown>>): Record<string, State> {
  const { machine, table } = report;
  return {
    Succeeded: {
      Type: "Pass",
      Parameters: { output: { ...facts, table, machine, "execution.$": "$$.Execution.Id" } },
      Next: "Report",
    },
    Report: {
      ...publish(report, report.successTopicArn, "succeeded", "$.output"),
      OutputPath: "$.output",
      // It is done, and a message that is not sent does not undo it.
      Catch: [{ ErrorEquals: ["States.ALL"], ResultPath: "$.message", Next: "Unreported" }],
      End: true,
    },
    Unreported: { Type: "Pass", OutputPath: "$.output", End: true },
  };
}

/**
 * The end after a failure. Its cause may quote a statement, and with it the value of a key: it stays in the execution, which
 * few may read, and is not published.
 */
export function failure(report: Report): Record<string, State> {
  return {
    [FAILED]: {
      Type: "Pass",
      Parameters: {
        outcome: "failed",
        table: report.table,
        machine: report.machine,
        "error.$": "$.error.Error",
        "execution.$": "$$.Execution.Id",
      },
      ResultPath: "$.report",
      Next: "ReportFailure",
    },
    ReportFailure: {
      ...publish(report, report.failureTopicArn, "failed", "$.report"),
      Catch: [{ ErrorEquals: ["States.ALL"], ResultPath: null, Next: "Fail" }],
      Next: "Fail",
    },
    Fail: { Type: "Fail", ErrorPath: "$.error.Error", CausePath: "$.error.Cause" },
  };
}

function publish(report: Report, topicArn: string, outcome: string, facts: string): State {
  return {
    Type: "Task",
    Resource: integration("sns:publish"),
    Parameters: {
      TopicArn: topicArn,
      // At most 100 characters.
      Subject: `${`dynalake: ${report.machine} of ${report.table}`.slice(0, 88)} ${outcome}`,
      "Message.$": `States.JsonToString(${facts})`,
    },
    ResultPath: "$.message",
    TimeoutSeconds: 60,
    Retry: [{ ErrorEquals: ["States.TaskFailed"], ...BACKOFF }],
  };
}

/** An end without harm and without a report: there was nothing to do, or another execution does it. */
export function end(output: Readonly<Record<string, unknown>>): State {
  return { Type: "Pass", Result: output, End: true };
}
