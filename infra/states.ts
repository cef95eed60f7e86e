/**
 * State machines as data, in the Amazon States Language (https://states-language.net). Written out, they have only the
 * permissions that are written beside them, and read as they run.
 */
import { Aws } from "aws-cdk-lib";
import type { ErrorCode } from "../src/core/error.ts";

export type State = Readonly<Record<string, unknown>>;

/** `Work` names states that it has to have: those that a command knows by their names. */
export interface MachineDefinition<Work extends string = string> {
  readonly Comment: string;
  readonly StartAt: string;
  readonly TimeoutSeconds: number;
  readonly States: Readonly<Record<Work, State>> & Readonly<Record<string, State>>;
}

/** Where all failures go. */
export const FAILED = "Failed";

/** The ARN of a service integration. */
export function integration(name: string): string {
  return `arn:${Aws.PARTITION}:states:::${name}`;
}

export const BACKOFF = {
  IntervalSeconds: 2,
  BackoffRate: 2,
  MaxAttempts: 6,
  MaxDelaySeconds: 60,
  JitterStrategy: "FULL",
};

/** A quota of the account that others use up: half an hour is waited for them, which is longer than a function runs. */
export const PATIENCE: typeof BACKOFF = { ...BACKOFF, MaxAttempts: 60 };

/** What a handler says of a passing failure. */
const PASSING_FAILURES: readonly ErrorCode[] = ["THROTTLED", "UNREACHABLE"];

/** A function that could not be run, and what its handler says of a passing failure; nothing else gets better by itself. */
const FUNCTION_RETRY = [
  { ErrorEquals: ["Lambda.TooManyRequestsException"], ...PATIENCE },
  {
    ErrorEquals: [
      "Lambda.AWSLambdaException",
      "Lambda.ClientExecutionTimeoutException",
      "Lambda.SdkClientException",
      "Lambda.ServiceException",
      ...PASSING_FAILURES,
    ],
    ...BACKOFF,
  },
];

/** Any failure, and where it is kept. */
export const FAILURE: State = { ErrorEquals: ["States.ALL"], ResultPath: "$.error" };

export const CATCH_ALL: readonly State[] = [{ ...FAILURE, Next: FAILED }];

export interface Invocation {
  readonly functionArn: string;
  /** The whole event, or where it is. */
  readonly event: Readonly<Record<string, unknown>> | `$.${string}`;
  /** Where the answer is kept; null for nowhere. */
  readonly answer: `$.${string}` | null;
  readonly timeoutSeconds: number;
  /** What passes besides. */
  readonly retry?: readonly Readonly<Record<string, unknown>>[];
}

/** A function's run: its answer, or its error by the name that the handler has given it. */
export function invoke(invocation: Invocation, next: string): State {
  const { functionArn, event, answer, timeoutSeconds, retry = [] } = invocation;
  const input = typeof event === "string" ? { InputPath: event } : { Parameters: event };
  return {
    Type: "Task",
    Resource: functionArn,
    ...input,
    ResultPath: answer,
    TimeoutSeconds: timeoutSeconds,
    Retry: [...FUNCTION_RETRY, ...retry],
    Catch: CATCH_ALL,
    Next: next,
  };
}

export interface CallOptions {
  readonly call: string;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly result: Readonly<Record<string, string>>;
  readonly answer: `$.${string}`;
  /** Names of the service's passing failures. */
  readonly retry: readonly string[];
}

/** The same for a function whose name is known only to the execution. */
export function invokeNamed(
  invocation: Omit<Invocation, "functionArn" | "event"> & {
    readonly functionName: `$.${string}`;
    readonly event: Readonly<Record<string, unknown>>;
    /** What of the answer is kept. */
    readonly result: Readonly<Record<string, unknown>>;
  },
  next: string,
): State {
  const { functionName, event, answer, result, timeoutSeconds, retry = [] } = invocation;
  return {
    Type: "Task",
    Resource: integration("lambda:invoke"),
    Parameters: { "FunctionName.$": functionName, Payload: event },
    ResultSelector: result,
    ResultPath: answer,
    TimeoutSeconds: timeoutSeconds,
    Retry: [...FUNCTION_RETRY, ...retry],
    Catch: CATCH_ALL,
    Next: next,
  };
}

/** A call of an AWS API. */
export function call(options: CallOptions, next: string): State {
  return {
    Type: "Task",
    Resource: integration(`aws-sdk:${options.call}`),
    Parameters: options.parameters,
    ResultSelector: options.result,
    ResultPath: options.answer,
    TimeoutSeconds: 60,
    Retry: [{ ErrorEquals: options.retry, ...BACKOFF }],
    Catch: CATCH_ALL,
    Next: next,
  };
}

export interface EachOptions {
  /** A name, unique in the machine, of at most 40 characters. */
  readonly label: string;
  readonly bucket: string;
  /** The path, or an intrinsic function, that gives the key of JSON lines in the bucket. */
  readonly key: string;
  readonly item: Readonly<Record<string, unknown>>;
  /** A number, or where it is. */
  readonly concurrency: number | `$.${string}`;
  /** The folder for what the runs answer. Without it, all answers together may have 256 KiB. */
  readonly resultsPrefix?: string;
  readonly state: State;
}

/** Runs a state once for each line of an object. What the runs answer is dropped. */
export function each(options: EachOptions, next: string): State {
  return {
    Type: "Map",
    Label: options.label,
    ItemReader: {
      Resource: integration("s3:getObject"),
      ReaderConfig: { InputType: "JSONL" },
      Parameters: { Bucket: options.bucket, "Key.$": options.key },
    },
    ItemSelector: options.item,
    ...(typeof options.concurrency === "number"
      ? { MaxConcurrency: options.concurrency }
      : { MaxConcurrencyPath: options.concurrency }),
    ItemProcessor: {
      ProcessorConfig: { Mode: "DISTRIBUTED", ExecutionType: "STANDARD" },
      StartAt: options.label,
      States: { [options.label]: { ...options.state, End: true } },
    },
    ...(options.resultsPrefix === undefined
      ? {}
      : { ResultWriter: writer(options.bucket, options.resultsPrefix) }),
    ResultPath: null,
    Next: next,
  };
}

function writer(Bucket: string, Prefix: string): State {
  return { Resource: integration("s3:putObject"), Parameters: { Bucket, Prefix } };
}

/** A function's call for one line, which names it: its answer is not read, and its failure fails the whole map. */
export function invokeForEach(timeoutSeconds: number): State {
  return {
    Type: "Task",
    Resource: integration("lambda:invoke"),
    Parameters: { "FunctionName.$": "$.functionName", "Payload.$": "$.event" },
    ResultSelector: { done: true },
    TimeoutSeconds: timeoutSeconds,
    Retry: FUNCTION_RETRY,
  };
}
