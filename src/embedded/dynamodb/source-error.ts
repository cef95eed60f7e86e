import { DynalakeError, type ErrorCode, type ErrorDetails } from "../../core/error.ts";

/** Where a source is, for messages. */
export interface SourcePlace {
  /** Absent for the service itself. */
  readonly endpoint?: string;
  /** Absent where the SDK finds it in a profile. */
  readonly region?: string;
}

export interface FailedCall {
  readonly place: SourcePlace;
  /** What was attempted, as in "cannot <attempt>": names a table or a stream, never an item. */
  readonly attempt: string;
}

/**
 * Exceptions by name, from the pages "Error handling with DynamoDB" and "Common errors" of the DynamoDB developer guide
 * and API reference; the emulators use the same names.
 */
const codesByName: Readonly<Record<string, ErrorCode>> = {
  ResourceNotFoundException: "TABLE_NOT_FOUND",
  TableNotFoundException: "TABLE_NOT_FOUND",

  AccessDenied: "CREDENTIALS",
  AccessDeniedException: "CREDENTIALS",
  AuthFailure: "CREDENTIALS",
  CredentialsProviderError: "CREDENTIALS",
  ExpiredToken: "CREDENTIALS",
  ExpiredTokenException: "CREDENTIALS",
  IncompleteSignature: "CREDENTIALS",
  IncompleteSignatureException: "CREDENTIALS",
  InvalidClientTokenId: "CREDENTIALS",
  InvalidSignatureException: "CREDENTIALS",
  MissingAuthenticationToken: "CREDENTIALS",
  MissingAuthenticationTokenException: "CREDENTIALS",
  NotAuthorized: "CREDENTIALS",
  OptInRequired: "CREDENTIALS",
  RequestExpired: "CREDENTIALS",
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

/**
 * The one place that decides what a failure of the SDK or of the network means. A message of the service is passed on;
 * that of anything else is not, because a parser's message quotes what it could not parse, and that may be an item.
 */
export function sourceError(error: unknown, call: FailedCall): DynalakeError {
  if (error instanceof DynalakeError) return error;
  const facts = factsOf(error);
  const code = codeOf(facts);
  const message = `cannot ${call.attempt} ${placeText(call.place)}: ${reason(code, facts)}`;
  return new DynalakeError(code, message, details(code, facts, error));
}

/** Whether the same call may succeed soon: the network, the rate, or a fault of the service rather than of the request. */
export function isPassing(error: unknown): boolean {
  const facts = factsOf(error);
  const code = error instanceof DynalakeError ? error.code : codeOf(facts);
  return code === "UNREACHABLE" || code === "THROTTLED" || (code === "SOURCE_FAILED" && !facts.refused);
}

/** The service's name for the failure: `ExpiredIteratorException` and the like. */
export function failureName(error: unknown): string {
  return factsOf(error).name;
}

export function placeText(place: SourcePlace): string {
  if (place.endpoint === undefined)
    return place.region === undefined ? "at AWS" : `in region ${place.region}`;
  return `at ${place.endpoint}${place.region === undefined ? "" : ` (region ${place.region})`}`;
}

interface Facts {
  readonly name: string;
  readonly networkCode: string | undefined;
  /** What the service said; undefined for an error that did not come from it. */
  readonly said: string | undefined;
  readonly httpStatus: number | undefined;
  /** The service found fault with the request itself, so that repeating it is useless. */
  readonly refused: boolean;
  readonly regionMissing: boolean;
}

function factsOf(error: unknown): Facts {
  const fields = (typeof error === "object" && error !== null ? error : {}) as {
    readonly name?: unknown;
    readonly message?: unknown;
    readonly $fault?: unknown;
    readonly $metadata?: { readonly httpStatusCode?: unknown };
  };
  const status = fields.$metadata?.httpStatusCode;
  const httpStatus = typeof status === "number" ? status : undefined;
  const message = typeof fields.message === "string" ? fields.message : "";
  return {
    name: typeof fields.name === "string" ? fields.name : "Error",
    networkCode: networkCodeOf(error, 0),
    // The SDK calls any answer that it cannot read an unknown error.
    said: fields.$fault === undefined || message === "UnknownError" ? undefined : message,
    httpStatus,
    refused: fields.$fault === "client" && (httpStatus ?? 400) < 500,
    regionMissing: /^Region is missing/.test(message),
  };
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

function codeOf(facts: Facts): ErrorCode {
  if (facts.regionMissing) return "USAGE";
  const named = Object.hasOwn(codesByName, facts.name) ? codesByName[facts.name] : undefined;
  if (named !== undefined) return named;
  return facts.networkCode === undefined ? "SOURCE_FAILED" : "UNREACHABLE";
}

function reason(code: ErrorCode, facts: Facts): string {
  if (code === "USAGE") return "no region is configured";
  if (code === "UNREACHABLE") return facts.networkCode ?? "no answer in time";
  if (facts.name === "CredentialsProviderError") return "no credentials were found";
  if (facts.said !== undefined)
    return `${facts.name}${facts.said === "" ? "" : `: ${facts.said.replace(/\.$/, "")}`}`;
  const status = facts.httpStatus === undefined ? "" : ` (HTTP ${facts.httpStatus})`;
  return `the answer is not one of DynamoDB, ${facts.name}${status}`;
}

function details(code: ErrorCode, facts: Facts, error: unknown): ErrorDetails {
  if (code === "USAGE") return { cause: error, next: "Give --region, or set AWS_REGION, and try again." };
  // A parser's error would carry what it parsed into a log that prints causes.
  return facts.said === undefined && code === "SOURCE_FAILED" ? {} : { cause: error };
}
