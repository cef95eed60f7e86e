import { DynalakeError, type ErrorCode } from "../core/error.ts";
import { type AwsFailure, awsFailure, failureDetails, failureReason } from "../sdk/aws-error.ts";

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

/** What a failure of DynamoDB means. */
export function sourceError(error: unknown, call: FailedCall): DynalakeError {
  if (error instanceof DynalakeError) return error;
  const failure = awsFailure(error);
  const message = `cannot ${call.attempt} ${placeText(call.place)}: ${failureReason(failure, "DynamoDB")}`;
  return new DynalakeError(codeOf(failure), message, failureDetails(failure, error));
}

/** Whether the same call may succeed soon: the network, the rate, or a fault of the service rather than of the request. */
export function isPassing(error: unknown): boolean {
  const failure = awsFailure(error);
  const code = error instanceof DynalakeError ? error.code : codeOf(failure);
  return code === "UNREACHABLE" || code === "THROTTLED" || (code === "SOURCE_FAILED" && !failure.refused);
}

export function placeText(place: SourcePlace): string {
  if (place.endpoint === undefined)
    return place.region === undefined ? "at AWS" : `in region ${place.region}`;
  return `at ${place.endpoint}${place.region === undefined ? "" : ` (region ${place.region})`}`;
}

function codeOf(failure: AwsFailure): ErrorCode {
  if (failure.name === "ResourceNotFoundException" || failure.name === "TableNotFoundException")
    return "TABLE_NOT_FOUND";
  return failure.code ?? "SOURCE_FAILED";
}
