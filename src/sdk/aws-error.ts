/**
 * Decides what a failure of the SDK or of the network means, for every service. Messages of a service are passed on. Others
 * are not, because a parser quotes the text that it cannot parse, which may be an item.
 */
import { DynalakeError, type ErrorCode, type ErrorDetails } from "../core/error.ts";
import { credentialsAdvice } from "./credentials-advice.ts";

/** The codes that mean the same for every service. */
type CommonCode = "USAGE" | "CREDENTIALS" | "THROTTLED" | "UNREACHABLE";

/** Sources: "Common errors" in the API references, "Error responses" of S3, "Error handling with DynamoDB". */
const CODES_BY_NAME: Readonly<Record<string, CommonCode>> = {
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

/** Codes of Node's sockets, resolver, TLS and HTTP parser: no answer, or one in another protocol. */
const NETWORK_CODE =
  /^(E(CONN\w+|HOST\w+|NET\w+|ADDRNOTAVAIL|TIMEDOUT|PIPE|PROTO|AI_\w+|NOTFOUND)|ERR_(TLS|SSL|SOCKET)\w+|HPE_\w+|CERT_\w+|UNABLE_TO_\w+|(DEPTH_ZERO_)?SELF_SIGNED_CERT\w*|UND_ERR\w+)$/;

export interface AwsFailure {
  /** The service's name for it, such as `NoSuchKey`. */
  readonly name: string;
  readonly httpStatus: number | undefined;
  /** Undefined if only the adapter of the service can decide. */
  readonly code: CommonCode | undefined;
  readonly networkCode: string | undefined;
  /** The service's message; undefined for an error that did not come from it. */
  readonly said: string | undefined;
  /** The service rejected the request itself: repeating it is useless. */
  readonly refused: boolean;
}

export function awsFailure(error: unknown): AwsFailure {
  const fields = (typeof error === "object" && error !== null ? error : {}) as {
    readonly name?: unknown;
    readonly $fault?: unknown;
    readonly $metadata?: { readonly httpStatusCode?: unknown };
  };
  const status = fields.$metadata?.httpStatusCode;
  const message = messageOf(error);
  const facts = {
    name: typeof fields.name === "string" ? fields.name : "Error",
    httpStatus: typeof status === "number" ? status : undefined,
    networkCode: networkCodeOf(error, 0),
    // The SDK reports a response that it cannot parse as UnknownError.
    said: fields.$fault === undefined || message === "UnknownError" ? undefined : message,
  };
  const refused = fields.$fault === "client" && (facts.httpStatus ?? 400) < 500;
  return { ...facts, refused, code: commonCode(facts, message) };
}

function messageOf(error: unknown): string {
  const { message } = (typeof error === "object" && error !== null ? error : {}) as {
    readonly message?: unknown;
  };
  return typeof message === "string" ? message : "";
}

function commonCode(
  facts: Pick<AwsFailure, "name" | "networkCode" | "httpStatus">,
  message: string,
): CommonCode | undefined {
  if (/^Region is missing/.test(message)) return "USAGE";
  const named = Object.hasOwn(CODES_BY_NAME, facts.name) ? CODES_BY_NAME[facts.name] : undefined;
  if (named !== undefined) return named;
  if (facts.networkCode !== undefined) return "UNREACHABLE";
  // The response to a HEAD request has no body, and so no name.
  return facts.httpStatus === 403 ? "CREDENTIALS" : undefined;
}

/** The service's name for the failure. */
export function failureName(error: unknown): string {
  return awsFailure(error).name;
}

/** Whether the same call may succeed soon: a failure of the network, the rate or the service, not of the request. */
export function isPassingFailure(error: unknown): boolean {
  if (error instanceof DynalakeError) return error.code === "UNREACHABLE" || error.code === "THROTTLED";
  const { code, refused } = awsFailure(error);
  return code === "UNREACHABLE" || code === "THROTTLED" || (code === undefined && !refused);
}

/** A socket that has tried several addresses fails with an AggregateError. The SDK and fetch wrap causes. */
function networkCodeOf(error: unknown, depth: number): string | undefined {
  if (typeof error !== "object" || error === null || depth > 4) return undefined;
  const { cause, errors } = error as { readonly cause?: unknown; readonly errors?: unknown };
  const { code = wrappedCode(error) } = error as { readonly code?: unknown };
  if (typeof code === "string" && NETWORK_CODE.test(code)) return code;
  for (const inner of [cause, ...(Array.isArray(errors) ? errors : [])]) {
    const found = networkCodeOf(inner, depth + 1);
    if (found !== undefined) return found;
  }
  return undefined;
}

/**
 * The code of an error from another realm, which the SDK turns into the text of an error of its own. Code in a vm context,
 * such as every test, gets these errors from Node's sockets and HTTP parser.
 */
function wrappedCode(error: object): string | undefined {
  const { message } = error as { readonly message?: unknown };
  if (typeof message !== "string" || !message.startsWith("AWS SDK error wrapper for ")) return undefined;
  return /\bE[A-Z_]{3,}\b/.exec(message)?.[0] ?? "EPROTO";
}

/** Why a call failed, for people. */
export function failureReason(failure: AwsFailure, service: string): string {
  if (failure.code === "USAGE") return "no region is configured";
  if (failure.code === "UNREACHABLE") return failure.networkCode ?? "no answer in time";
  if (failure.name === "CredentialsProviderError") return "no credentials were found";
  if (failure.said !== undefined)
    return `${failure.name}${failure.said === "" ? "" : `: ${failure.said.replace(/\.$/, "")}`}`;
  const status = failure.httpStatus === undefined ? "" : ` (HTTP ${failure.httpStatus})`;
  return `invalid response from ${service}: ${failure.name}${status}`;
}

/** The cause and next step of an error for this failure. */
export function failureDetails(failure: AwsFailure, error: unknown): ErrorDetails {
  if (failure.code === "USAGE") return { cause: error, next: "Set --region or AWS_REGION, then try again." };
  if (failure.code === "CREDENTIALS")
    return { cause: error, next: credentialsAdvice(failure.name, messageOf(error)) };
  // Logs print causes, and the cause may be a parser's error that quotes an item.
  return failure.said === undefined && failure.code === undefined ? {} : { cause: error };
}

export interface FailedAwsCall {
  /** Such as S3, Glue or Athena. */
  readonly service: string;
  /** Completes "cannot <attempt>"; names a bucket, a key or a table, never an item. */
  readonly attempt: string;
  /** The code for failures other than those of credentials, rate and network. */
  readonly otherwise: ErrorCode;
}

/** The error for a failed call of a service that the lake uses on AWS. */
export function awsError(error: unknown, call: FailedAwsCall): DynalakeError {
  if (error instanceof DynalakeError) return error;
  const failure = awsFailure(error);
  const message = `cannot ${call.attempt}: ${failureReason(failure, call.service)}`;
  const next = failure.code === undefined ? undefined : NEXT_BY_CODE[failure.code];
  return new DynalakeError(failure.code ?? call.otherwise, message, {
    ...(next === undefined ? {} : { next }),
    ...failureDetails(failure, error),
  });
}

/** Advice for the services of a deployment. The catalog's advice is for a source table. */
const NEXT_BY_CODE: Readonly<Partial<Record<CommonCode, string>>> = {
  UNREACHABLE: "Check the region and the network, then try again.",
  THROTTLED: "Try again later. If it keeps failing, ask AWS to raise the quota that the message names.",
};
