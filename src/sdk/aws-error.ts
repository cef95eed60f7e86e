/**
 * What a failure of the SDK or of the network means: the one place that decides it for every service. A message of a service
 * is passed on; that of anything else is not, because a parser's message quotes what it could not parse, and that may be
 * an item.
 */
import { DynalakeError, type ErrorCode, type ErrorDetails } from "../core/error.ts";

/** The codes that mean the same at every service. */
type CommonCode = "USAGE" | "CREDENTIALS" | "THROTTLED" | "UNREACHABLE";

/** Exceptions by name, from the "Common errors" pages of the API references and those of S3 and DynamoDB; emulators use the same. */
const codesByName: Readonly<Record<string, CommonCode>> = {
  AccessDenied: "CREDENTIALS",
  AccessDeniedException: "CREDENTIALS",
  AuthFailure: "CREDENTIALS",
  CredentialsProviderError: "CREDENTIALS",
  ExpiredToken: "CREDENTIALS",
  ExpiredTokenException: "CREDENTIALS",
  Forbidden: "CREDENTIALS",
  IncompleteSignature: "CREDENTIALS",
  IncompleteSignatureException: "CREDENTIALS",
  InvalidAccessKeyId: "CREDENTIALS",
  InvalidClientTokenId: "CREDENTIALS",
  InvalidSignatureException: "CREDENTIALS",
  MissingAuthenticationToken: "CREDENTIALS",
  MissingAuthenticationTokenException: "CREDENTIALS",
  NotAuthorized: "CREDENTIALS",
  OptInRequired: "CREDENTIALS",
  RequestExpired: "CREDENTIALS",
  RequestTimeTooSkewed: "CREDENTIALS",
  SignatureDoesNotMatch: "CREDENTIALS",
  TokenProviderError: "CREDENTIALS",
  UnrecognizedClientException: "CREDENTIALS",

  LimitExceededException: "THROTTLED",
  ProvisionedThroughputExceededException: "THROTTLED",
  RequestLimitExceeded: "THROTTLED",
  RequestThrottled: "THROTTLED",
  SlowDown: "THROTTLED",
  Throttling: "THROTTLED",
  ThrottlingException: "THROTTLED",
  TooManyRequestsException: "THROTTLED",

  TimeoutError: "UNREACHABLE",
};

/** Codes of Node's sockets, resolver, TLS and HTTP parser: nobody answered, or not in this protocol. */
const networkCode =
  /^(E(CONN\w+|HOST\w+|NET\w+|ADDRNOTAVAIL|TIMEDOUT|PIPE|PROTO|AI_\w+|NOTFOUND)|ERR_(TLS|SSL|SOCKET)\w+|HPE_\w+|CERT_\w+|UNABLE_TO_\w+|(DEPTH_ZERO_)?SELF_SIGNED_CERT\w*|UND_ERR\w+)$/;

export interface AwsFailure {
  /** The service's name for it: `NoSuchKey`, `ExpiredIteratorException` and the like. */
  readonly name: string;
  readonly httpStatus: number | undefined;
  /** Undefined for what only the service's own adapter can tell. */
  readonly code: CommonCode | undefined;
  readonly networkCode: string | undefined;
  /** What the service said; undefined for an error that did not come from it. */
  readonly said: string | undefined;
  /** The service found fault with the request itself, so that repeating it is useless. */
  readonly refused: boolean;
}

export function awsFailure(error: unknown): AwsFailure {
  const fields = (typeof error === "object" && error !== null ? error : {}) as {
    readonly name?: unknown;
    readonly message?: unknown;
    readonly $fault?: unknown;
    readonly $metadata?: { readonly httpStatusCode?: unknown };
  };
  const status = fields.$metadata?.httpStatusCode;
  const message = typeof fields.message === "string" ? fields.message : "";
  const facts = {
    name: typeof fields.name === "string" ? fields.name : "Error",
    httpStatus: typeof status === "number" ? status : undefined,
    networkCode: networkCodeOf(error, 0),
    // The SDK calls any answer that it cannot read an unknown error.
    said: fields.$fault === undefined || message === "UnknownError" ? undefined : message,
  };
  const refused = fields.$fault === "client" && (facts.httpStatus ?? 400) < 500;
  return { ...facts, refused, code: commonCode(facts, message) };
}

function commonCode(
  facts: Pick<AwsFailure, "name" | "networkCode" | "httpStatus">,
  message: string,
): CommonCode | undefined {
  if (/^Region is missing/.test(message)) return "USAGE";
  const named = Object.hasOwn(codesByName, facts.name) ? codesByName[facts.name] : undefined;
  if (named !== undefined) return named;
  if (facts.networkCode !== undefined) return "UNREACHABLE";
  // The answer to a HEAD request has no body, and with it no name.
  return facts.httpStatus === 403 ? "CREDENTIALS" : undefined;
}

/** The service's name for the failure. */
export function failureName(error: unknown): string {
  return awsFailure(error).name;
}

/** Whether the same call may succeed soon: the network, the rate, or a fault of the service rather than of the request. */
export function isPassingFailure(error: unknown): boolean {
  if (error instanceof DynalakeError) return error.code === "UNREACHABLE" || error.code === "THROTTLED";
  const { code, refused } = awsFailure(error);
  return code === "UNREACHABLE" || code === "THROTTLED" || (code === undefined && !refused);
}

/** Sockets that try several addresses fail with an AggregateError; the SDK and fetch wrap causes. */
function networkCodeOf(error: unknown, depth: number): string | undefined {
  if (typeof error !== "object" || error === null || depth > 4) return undefined;
  const { cause, errors } = error as { readonly cause?: unknown; readonly errors?: unknown };
  const { code = wrappedCode(error) } = error as { readonly code?: unknown };
  if (typeof code === "string" && networkCode.test(code)) return code;
  for (const inner of [cause, ...(Array.isArray(errors) ? errors : [])]) {
    const found = networkCodeOf(inner, depth + 1);
    if (found !== undefined) return found;
  }
  return undefined;
}

/**
 * The SDK turns an error of another realm, as code in a vm context meets them (all tests do), into the text of one of its
 * own. Such errors come from Node's sockets and HTTP parser.
 */
function wrappedCode(error: object): string | undefined {
  const { message } = error as { readonly message?: unknown };
  if (typeof message !== "string" || !message.startsWith("AWS SDK error wrapper for ")) return undefined;
  return /\bE[A-Z_]{3,}\b/.exec(message)?.[0] ?? "EPROTO";
}

/** Why a call failed, for people. `service` names what should have answered. */
export function failureReason(failure: AwsFailure, service: string): string {
  if (failure.code === "USAGE") return "no region is configured";
  if (failure.code === "UNREACHABLE") return failure.networkCode ?? "no answer in time";
  if (failure.name === "CredentialsProviderError") return "no credentials were found";
  if (failure.said !== undefined)
    return `${failure.name}${failure.said === "" ? "" : `: ${failure.said.replace(/\.$/, "")}`}`;
  const status = failure.httpStatus === undefined ? "" : ` (HTTP ${failure.httpStatus})`;
  return `the answer is not one of ${service}, ${failure.name}${status}`;
}

/** What an error of this failure carries beside its message. */
export function failureDetails(failure: AwsFailure, error: unknown): ErrorDetails {
  if (failure.code === "USAGE")
    return { cause: error, next: "Give --region, or set AWS_REGION, and try again." };
  // A parser's error would carry what it parsed into a log that prints causes.
  return failure.said === undefined && failure.code === undefined ? {} : { cause: error };
}

export interface FailedAwsCall {
  /** S3, Glue, Athena and so on. */
  readonly service: string;
  /** What was attempted, as in "cannot <attempt>": names a bucket, a key or a table, never an item. */
  readonly attempt: string;
  /** The code of a failure that is none of credentials, rate and network. */
  readonly otherwise: ErrorCode;
}

/** The error of a failed call of a service that the lake lies in. */
export function awsError(error: unknown, call: FailedAwsCall): DynalakeError {
  if (error instanceof DynalakeError) return error;
  const failure = awsFailure(error);
  const message = `cannot ${call.attempt}: ${failureReason(failure, call.service)}`;
  const next = failure.code === undefined ? undefined : nextByCode[failure.code];
  return new DynalakeError(failure.code ?? call.otherwise, message, {
    ...failureDetails(failure, error),
    ...(next === undefined ? {} : { next }),
  });
}

/** The catalog's advice is that for a source table; this is that for the services of a deployment. */
const nextByCode: Readonly<Partial<Record<CommonCode, string>>> = {
  CREDENTIALS:
    "Allow the role or user what the message names, in its policies and in those of the bucket and the key.",
  UNREACHABLE: "Check the region and the network, then try again.",
  THROTTLED: "Try again later; if it goes on, ask AWS to raise the quota that the message names.",
};
