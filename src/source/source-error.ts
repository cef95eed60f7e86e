/** What a failing call of a source means to the user. */
import { DynalakeError, type ErrorCode } from "../core/error.ts";
import { type AwsFailure, awsFailure, failureDetails, failureReason } from "../sdk/aws-error.ts";

/** The address of a source, for messages. */
export interface SourcePlace {
  /** Absent for AWS. */
  readonly endpoint?: string;
  /** Absent if the SDK takes it from a profile. */
  readonly region?: string;
}

export interface FailedCall {
  readonly place: SourcePlace;
  /** Completes "cannot <attempt>"; names a table or a stream, never an item. */
  readonly attempt: string;
}

/** A failure of DynamoDB as an error with a code. */
export function sourceError(error: unknown, call: FailedCall): DynalakeError {
  if (error instanceof DynalakeError) return error;
  const failure = awsFailure(error);
  const message = `cannot ${call.attempt} ${placeText(call.place)}: ${failureReason(failure, "DynamoDB")}`;
  return new DynalakeError(codeOf(failure), message, failureDetails(failure, error));
}

/** Whether the same call may succeed soon: a failure of the network, the rate or the service, not of the request. */
export function isPassing(error: unknown): boolean {
  const failure = awsFailure(error);
  const code = error instanceof DynalakeError ? error.code : codeOf(failure);
  return code === "UNREACHABLE" || code === "THROTTLED" || (code === "SOURCE_FAILED" && !failure.refused);
}

/** "at http://127.0.0.1:8000" or "in region eu-west-1". */
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
