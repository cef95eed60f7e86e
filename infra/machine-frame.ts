/** How every machine of the deployment begins, invokes its functions and ends. */
import type { IFunction } from "aws-cdk-lib/aws-lambda";
import { METRIC_DIMENSION, TABLE_METRICS, type TableMetric } from "../src/aws/contracts/metrics.ts";
import { BACKOFF, FAILED, type Invocation, integration, invoke, type State } from "./states.ts";

export interface Beginning {
  readonly defaults: Readonly<Record<string, unknown>>;
  readonly next: string;
}

/** The beginning: `$.request` is the execution's input over the defaults, with the execution's name and ARN. */
export function beginning({ defaults, next }: Beginning): Record<string, State> {
  return {
    Defaults: { Type: "Pass", Result: defaults, ResultPath: "$.defaults", Next: "Input" },
    Input: {
      Type: "Pass",
      Parameters: { "request.$": "States.JsonMerge($.defaults, $$.Execution.Input, false)" },
      Next: "Name",
    },
    Name: {
      Type: "Pass",
      Parameters: { "name.$": "$$.Execution.Name", "arn.$": "$$.Execution.Id" },
      ResultPath: "$.request.execution",
      Next: next,
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

/** The lake table that an execution works on: empty if its input names none. */
export const TABLE = "$.request.table";

export interface Report {
  readonly machine: "snapshot" | "compaction";
  readonly successTopicArn: string;
  readonly failureTopicArn: string;
  /** Where metrics of failures are. */
  readonly namespace: string;
}

/** The end after success: the facts, which name no item, are published and are the execution's output. */
export function success(report: Report, facts: Readonly<Record<string, unknown>>): Record<string, State> {
  const { machine } = report;
  return {
    Succeeded: {
      Type: "Pass",
      Parameters: { output: { ...facts, "table.$": TABLE, machine, "execution.$": "$$.Execution.Id" } },
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
        "table.$": TABLE,
        machine: report.machine,
        "error.$": "$.error.Error",
        "execution.$": "$$.Execution.Id",
      },
      ResultPath: "$.report",
      Next: "ReportFailure",
    },
    ReportFailure: {
      ...publish(report, report.failureTopicArn, "failed", "$.report"),
      Catch: [{ ErrorEquals: ["States.ALL"], ResultPath: null, Next: "CountFailure" }],
      Next: "CountFailure",
    },
    CountFailure: {
      ...countFailure(report),
      Catch: [{ ErrorEquals: ["States.ALL"], ResultPath: null, Next: "Fail" }],
      Next: "Fail",
    },
    Fail: { Type: "Fail", ErrorPath: "$.error.Error", CausePath: "$.error.Cause" },
  };
}

/** A metric of Step Functions has no table in its dimensions. */
function countFailure({ namespace }: Report): State {
  const metric: TableMetric = "FailedExecutions";
  return {
    Type: "Task",
    Resource: integration("aws-sdk:cloudwatch:putMetricData"),
    Parameters: {
      Namespace: namespace,
      MetricData: [
        {
          MetricName: metric,
          Dimensions: [{ Name: METRIC_DIMENSION, "Value.$": TABLE }], // breakage: failures-are-counted-by-table
          Value: 1,
          Unit: TABLE_METRICS[metric],
        },
      ],
    },
    ResultPath: null,
    TimeoutSeconds: 60,
    Retry: [
      { ErrorEquals: ["CloudWatch.InternalServiceException", "CloudWatch.SdkClientException"], ...BACKOFF },
    ],
  };
}

function publish(report: Report, topicArn: string, outcome: string, facts: string): State {
  return {
    Type: "Task",
    Resource: integration("sns:publish"),
    Parameters: {
      TopicArn: topicArn,
      // A table's name may be longer than the 100 characters of a subject.
      Subject: `dynalake: ${report.machine} ${outcome}`,
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
